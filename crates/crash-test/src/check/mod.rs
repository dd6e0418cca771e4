//! Holding what was told against what is there.
//!
//! Every check reports what differs as a sentence; none means that the run is good. To add one: a function
//! that takes the books and the rows, and a call in [`everything`].

mod money;
mod repeats;
#[cfg(test)]
mod tests;
mod told;

use anyhow::Result;

use crate::book::Book;
use crate::calls::Caller;
use crate::ears::Heard;
use crate::idle;
use crate::rows::Rows;
use crate::world::World;

/// All that is wrong.
#[derive(Default)]
pub struct Findings {
    /// What differs, one sentence each.
    pub wrong: Vec<String>,
    /// How many things were compared.
    pub compared: u64,
}

impl Findings {
    /// Compares: what is wrong is said when it is.
    pub fn expect(&mut self, good: bool, wrong: impl FnOnce() -> String) {
        self.compared += 1;
        if !good {
            self.wrong.push(wrong());
        }
    }
}

/// Runs all checks, once nothing is killed any more and nothing is left to do. `callers` are the merchants'
/// programs, one each.
///
/// # Errors
/// When a database cannot be read.
pub async fn everything(
    world: &World,
    books: &[Book],
    heard: &[Heard],
    not_verified: u64,
    callers: &mut [Caller],
) -> Result<Findings> {
    let mut findings = Findings::default();
    for book in books {
        findings.compared += book.count;
        findings.wrong.extend(book.oddities.iter().cloned());
    }
    findings.expect(not_verified == 0, || {
        format!("{not_verified} notifications did not verify")
    });
    for book in books {
        if let Some(caller) = callers.get_mut(book.merchant) {
            repeats::all(&mut findings, book, caller).await?;
            told::status_now(&mut findings, book, caller).await?;
        }
    }
    let (gateway, bank) = world.rows().await?;
    for left in idle::work_left(&gateway, &bank) {
        findings.wrong.push(format!("after the repeats: {left}"));
    }
    told::references(&mut findings, books, &gateway);
    told::bindings(&mut findings, &gateway, &bank);
    told::notifications(&mut findings, heard, &gateway);
    money::balanced(&mut findings, &gateway, &bank);
    money::payments(&mut findings, &gateway, &bank);
    money::refunds(&mut findings, &gateway, &bank);
    for alarm in gateway.of("alarms") {
        findings.wrong.push(format!(
            "an alarm: {} {} {}",
            alarm.text("kind"),
            alarm.text("subject"),
            alarm.text("detail")
        ));
    }
    readable(&mut findings, &gateway, &bank);
    Ok(findings)
}

/// Everything that was compared was there: the last check.
fn readable(findings: &mut Findings, gateway: &Rows, bank: &Rows) {
    for (whose, rows) in [("gateway", gateway), ("bank", bank)] {
        for missing in rows.missing() {
            findings.wrong.push(format!("{whose}: {missing}"));
        }
    }
}
