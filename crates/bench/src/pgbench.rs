//! pgbench on the PostgreSQL that the gateway uses: the machine's own measure, in the same run.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::programs::output;

/// What pgbench reported.
#[derive(Debug, PartialEq, Serialize)]
pub struct TpcB {
    /// Transactions a second, without the time to connect.
    pub per_second: f64,
    /// Their mean latency.
    pub mean_ms: f64,
    /// How many.
    pub transactions: u64,
}

/// A PostgreSQL server and its programs.
pub struct Server {
    base_url: String,
    first_url: String,
    programs: PathBuf,
}

impl Server {
    /// The server at this URL of a database.
    pub fn new(url: &str, programs: &Path) -> Result<Self> {
        let (base, _) = url
            .rsplit_once('/')
            .context("the URL of PostgreSQL names no database")?;
        Ok(Self {
            base_url: base.to_owned(),
            first_url: url.to_owned(),
            programs: programs.to_path_buf(),
        })
    }

    /// The server's version.
    pub async fn version(&self) -> Result<String> {
        let version = self.sql("SHOW server_version").await?;
        Ok(version.trim().to_owned())
    }

    /// Makes a database, with everything before it on disk, and returns its URL.
    pub async fn new_database(&self, name: &str) -> Result<String> {
        self.sql(&format!("CREATE DATABASE {name}")).await?;
        self.sql("CHECKPOINT").await?;
        Ok(format!("{}/{name}", self.base_url))
    }

    /// Fills the tables and runs TPC-B over TCP with prepared statements.
    pub async fn tpc_b(&self, scale: u16, clients: u16, seconds: u16) -> Result<TpcB> {
        let url = self.new_database("tpcb").await?;
        let pgbench = self.programs.join("pgbench");
        let scale = scale.to_string();
        output(&pgbench, &["-i", "-q", "-s", &scale, &url]).await?;
        self.sql("CHECKPOINT").await?;
        let (clients, seconds) = (clients.to_string(), seconds.to_string());
        let run = [
            "-c", &clients, "-j", "2", "-M", "prepared", "-T", &seconds, &url,
        ];
        let report = output(&pgbench, &run).await?;
        read(&report).with_context(|| format!("pgbench's report cannot be read:\n{report}"))
    }

    async fn sql(&self, sql: &str) -> Result<String> {
        let psql = self.programs.join("psql");
        output(&psql, &["-X", "-q", "-A", "-t", "-c", sql, &self.first_url]).await
    }
}

fn read(report: &str) -> Option<TpcB> {
    let after = |start: &str| {
        let rest = report.lines().find_map(|line| line.strip_prefix(start))?;
        rest.split([' ', '/']).next().map(str::to_owned)
    };
    Some(TpcB {
        per_second: after("tps = ")?.parse().ok()?,
        mean_ms: after("latency average = ")?.parse().ok()?,
        transactions: after("number of transactions actually processed: ")?
            .parse()
            .ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_read() {
        let report = "scaling factor: 50\nnumber of transactions actually processed: 64210\n\
                      number of failed transactions: 0 (0.000%)\nlatency average = 9.961 ms\n\
                      initial connection time = 40.1 ms\ntps = 3212.500000 (without initial connection time)\n";
        let expected = TpcB {
            per_second: 3_212.5,
            mean_ms: 9.961,
            transactions: 64_210,
        };
        assert_eq!(read(report), Some(expected));
        assert_eq!(read("pgbench: error"), None);
    }
}
