//! What is printed: lines while it runs, and the figures at the end. The only place that prints.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the one place that prints"
)]

use comfy_table::{CellAlignment, Table, presets};

use crate::figures::{Figures, Leg, MemoryOverTime, number};
use crate::usage::Machine;

/// A line while it runs, beside the figures.
pub fn progress(text: &str) {
    anstream::eprintln!("    {text}");
}

/// The figures of notifications.
pub fn notifications(machine: &Machine, count: usize, merchants: usize, rows: Vec<[String; 8]>) {
    let mut figures = table(&[
        "engine",
        "dead endpoints",
        "per second",
        "to none dead",
        "gateway CPU, µs each",
        "failed tries",
        "repeats",
        "peak MiB",
    ]);
    for row in rows {
        figures.add_row(row);
    }
    anstream::println!(
        "\n{} × {} · load before {:.2} · {count} notifications to {merchants} merchants\n\n{figures}",
        machine.processors,
        machine.processor,
        machine.load_before,
    );
}

/// All figures.
pub fn print(figures: &Figures) {
    let machine = &figures.machine;
    let settings = &figures.settings;
    anstream::println!(
        "\n{} · {} × {} · {:.0} GiB · {} · PostgreSQL {} · load before {:.2}",
        figures.date,
        machine.processors,
        machine.processor,
        number(machine.memory_kib / 1024) / 1024.0,
        machine.file_system,
        machine.postgres,
        machine.load_before,
    );
    anstream::println!(
        "{} s each after {} s of warm-up, {} connections, {} merchants with {} linked customers, pgbench scale {}\n",
        settings.seconds,
        settings.warm_up_seconds,
        settings.connections,
        settings.merchants,
        settings.linked_customers,
        settings.pgbench_scale,
    );
    anstream::println!("{}\n", loads(figures));
    anstream::println!("{}\n", memory(figures));
    let ready = &figures.sandbox;
    anstream::println!(
        "sandbox's time to ready: {:.0} ms in an empty folder, {:.0} ms in a used one (medians of {})",
        ready.first_start_ms,
        ready.next_start_ms,
        ready.first_starts_ms.len(),
    );
    anstream::println!(
        "release binary: {:.1} MB",
        number(figures.binary_bytes) / 1e6
    );
    for leg in &figures.legs {
        remarks(leg);
    }
}

fn loads(figures: &Figures) -> Table {
    let mut table = table(&[
        "in the same run",
        "per second",
        "to pgbench",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "acknowledged",
        "found by 55",
    ]);
    let pgbench = &figures.pgbench;
    table.add_row([
        "pgbench TPC-B".to_owned(),
        format!("{:.0}", pgbench.per_second),
        "1.00".to_owned(),
        format!("mean {:.1}", pgbench.mean_ms),
        String::new(),
        String::new(),
        pgbench.transactions.to_string(),
        String::new(),
    ]);
    for leg in &figures.legs {
        let latency = &leg.latency;
        table.add_row([
            format!("signed 54, {}", leg.engine),
            format!("{:.0}", leg.payments_per_second),
            format!("{:.2}", leg.ratio_to_pgbench),
            format!("{:.1}", latency.p50_ms),
            format!("{:.1}", latency.p95_ms),
            format!("{:.1}", latency.p99_ms),
            leg.acknowledged.to_string(),
            leg.found.to_string(),
        ]);
    }
    table
}

fn memory(figures: &Figures) -> Table {
    let mut table = table(&["resident memory, MiB", "idle", "after the load", "peak"]);
    for leg in &figures.legs {
        for (name, memory) in [
            ("gateway", &leg.gateway_memory),
            ("simulator", &leg.simulator_memory),
        ] {
            let MemoryOverTime {
                idle_kib,
                after_kib,
                peak_kib,
            } = memory;
            let row =
                [idle_kib, after_kib, peak_kib].map(|kib| format!("{:.1}", number(*kib) / 1024.0));
            table.add_row([format!("{name}, {}", leg.engine)].into_iter().chain(row));
        }
    }
    table
}

/// What a reader should know about one load.
fn remarks(leg: &Leg) {
    let used = &leg.processor;
    anstream::println!(
        "{}: processor seconds while it counted: gateway {:.1}, simulator {:.1}, load {:.1}, all of the machine {:.1}; \
         {:.0} status requests/s afterwards",
        leg.engine,
        used.gateway_s,
        used.simulator_s,
        used.load_s,
        used.machine_s,
        leg.status_per_second,
    );
    for (cause, count) in &leg.failures {
        anstream::println!("{}: {count} × {cause}", leg.engine);
    }
    if let Some(missing) = &leg.first_missing {
        anstream::println!("{}: NOT FOUND: {missing}", leg.engine);
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
