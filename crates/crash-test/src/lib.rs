//! The proof that nothing is lost and nothing happens twice: real processes, random load, SIGKILL at
//! random moments, and afterwards every answer that was given is held against both databases.
//!
//! One run: [`template`] has prepared keys, merchants and an empty database once; [`world`] copies them and
//! starts gateways, bank simulator and PostgreSQL; [`shop`] is the merchants' load, which writes what it was
//! told into a [`book`]; [`chaos`] kills; [`check`] looks for anything that is not as it was told.
//! [`durable`] is the other half, since SIGKILL leaves the page cache alone: a trace of system calls shows
//! that an answer leaves only after what it says is on disk.
//!
//! Never here: a look into a process under test, or a way around its front door. Only the databases are
//! read directly, when everything is over, and the business clock is moved as an operator would.

pub mod balancer;
pub mod bodies;
pub mod book;
pub mod calls;
pub mod chaos;
pub mod check;
pub mod cluster;
pub mod durable;
pub mod ears;
pub mod fleet;
pub mod hours;
pub mod idle;
pub mod programs;
pub mod rows;
pub mod run;
pub mod shop;
pub mod template;
pub mod trace;
pub mod world;

/// Where the gateways keep their memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// One gateway and a file.
    Sqlite,
    /// Two gateways that share one database.
    Postgres,
}

impl Engine {
    /// How many gateways there are.
    pub fn gateways(self) -> usize {
        match self {
            Self::Sqlite => 1,
            Self::Postgres => 2,
        }
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}
