//! The command line of the crash test: `cargo xtask crash` and `cargo xtask fsync` build and start it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use crash_test::run::{self, Plan};
use crash_test::{Engine, durable};

#[derive(Parser)]
#[command(about = "Kills everything at random and looks for anything lost or done twice")]
struct Arguments {
    /// The gerbang binary
    #[arg(long, value_name = "FILE")]
    gerbang: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Random load, SIGKILL at random moments, and a comparison of everything afterwards
    Crash {
        /// How many runs
        #[arg(long, default_value_t = 10)]
        runs: u64,
        /// Where the gateways keep their memory
        #[arg(long, value_enum, default_value = "sqlite")]
        engine: Engine,
        /// The first run's seed; the others count on from it
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// A trace of system calls: an answer leaves only after what it says is on disk
    Fsync {
        /// Where the gateways keep their memory; both if not given
        #[arg(long, value_enum)]
        engine: Option<Engine>,
    },
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(start(arguments))
}

async fn start(arguments: Arguments) -> Result<ExitCode> {
    let gerbang = arguments.gerbang;
    match arguments.what {
        What::Crash { runs, engine, seed } => {
            let plan = Plan {
                engine,
                runs,
                seed,
                gerbang,
            };
            let total = run::all(&plan).await?;
            anstream::println!(
                "{}: {} good, {} bad; {} processes killed, {} payments, {} refunds, {} facts compared",
                engine.name(),
                total.good,
                total.bad,
                total.kills,
                total.payments,
                total.refunds,
                total.compared
            );
            Ok(if total.bad == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        What::Fsync { engine } => {
            let engines = engine.map_or(vec![Engine::Sqlite, Engine::Postgres], |one| vec![one]);
            let mut good = true;
            for engine in engines {
                good &= durable::show(engine, &gerbang).await?;
            }
            Ok(if good {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}
