//! `gerbang`: one binary that runs the gateway, the bank simulator and the sandbox, and acts on them.
//!
//! It parses the command line, starts things and prints. The work is done by the libraries.
//!
//! To add a subcommand: its flags in `cli.rs`, its story in a file under `commands`, and one line in
//! `run` below. Everything it prints goes through `screen.rs`.

mod cli;
mod clock;
mod commands;
mod demo;
mod entropy;
mod environment;
mod files;
mod listening;
mod logs;
mod management;
mod merchants;
mod profiles;
mod sandbox;
mod screen;
mod secret_text;
mod stopping;
mod triggering;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command, CustomerAction};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            screen::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let log = cli.log.as_deref();
    if !matches!(cli.command, Command::Serve(_)) {
        logs::start(log, "warn", logs::Form::Text)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Demo(args) => demo::run(args).await,
            Command::Sandbox(args) => commands::sandbox::run(args).await,
            Command::Serve(args) => commands::serve::run(args, log).await,
            Command::Bank(args) => commands::bank::run(args).await,
            Command::Merchant(args) => commands::merchant::run(args).await,
            Command::Notification(args) => commands::notification::run(args).await,
            Command::ManagementKey(args) => commands::management_key::run(args).await,
            Command::Customer(args) => match args.action {
                CustomerAction::Complete(args) => commands::customer::run(args).await,
            },
            Command::Profile(command) => commands::profile::run(command),
            Command::Token(args) => commands::token::run(args).await,
            Command::Bind(args) => commands::operations::bind(*args).await,
            Command::Balance(args) => commands::operations::balance(args).await,
            Command::Pay(args) => commands::operations::pay(*args).await,
            Command::Status(args) => commands::operations::status(args).await,
            Command::Refund(args) => commands::operations::refund(args).await,
            Command::Unbind(args) => commands::operations::unbind(args).await,
            Command::Completion(args) => Ok(commands::completion::run(&args)),
            Command::Listen(args) => commands::listen::run(args).await,
            Command::Trigger(args) => commands::trigger::run(args).await,
            Command::Logs(args) => commands::request_logs::run(args).await,
            Command::Sign(args) => commands::signatures::sign(&args),
            Command::Verify(args) => Ok(commands::signatures::verify(&args)),
            Command::Alarms(args) => commands::alarms::run(args).await,
            Command::Reconcile(args) => commands::reconcile::run(args).await,
            Command::Ledger(args) => commands::ledger::run(args).await,
            Command::CopyDatabase(args) => commands::copy_database::run(args).await,
        }
    })
}
