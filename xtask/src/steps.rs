//! Running other programs one after the other, saying what runs, how long it took and what failed.
//!
//! A failing step does not stop the ones after it: one run tells everything that is wrong.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// What has run so far.
#[derive(Default)]
pub struct Steps {
    done: Vec<Step>,
    tests: Counted,
}

struct Step {
    name: String,
    ok: bool,
    took: Duration,
}

/// Tests counted from the closing lines of the test runners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many passed.
    pub passed: u64,
    /// How many failed.
    pub failed: u64,
}

impl Steps {
    /// Runs a command with its output shown as it comes.
    pub fn run(&mut self, name: &str, command: &mut Command) -> Result<()> {
        say(name);
        let started = Instant::now();
        let status = command
            .status()
            .with_context(|| format!("cannot start {command:?}"))?;
        self.finished(name, status.success(), started.elapsed());
        Ok(())
    }

    /// Runs a test runner, shows its output as it comes, and counts the tests it reports.
    pub fn run_tests(&mut self, name: &str, command: &mut Command) -> Result<()> {
        say(name);
        let started = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let stdout = child
            .stdout
            .take()
            .context("no pipe to the test runner's output")?;
        let stderr = child
            .stderr
            .take()
            .context("no pipe to the test runner's messages")?;
        let counted = std::thread::scope(|scope| {
            let messages = scope.spawn(move || forward(stderr, |line| eprintln!("{line}")));
            let output = forward(stdout, |line| println!("{line}"));
            output.plus(messages.join().unwrap_or_default())
        });
        let ok = child.wait()?.success();
        self.tests = self.tests.plus(counted);
        self.finished(name, ok, started.elapsed());
        Ok(())
    }

    /// Fails when no test has run: nothing was tested, which is no good news.
    pub fn demand_tests(&mut self, filter: Option<&str>) {
        if self.tests != Counted::default() {
            return;
        }
        match filter {
            Some(filter) => eprintln!("xtask: no test has {filter:?} in its name"),
            None => eprintln!("xtask: the test runner reported no test"),
        }
        self.finished("at least one test", false, Duration::ZERO);
    }

    /// Records a step that was done here and not by another program.
    pub fn finished(&mut self, name: &str, ok: bool, took: Duration) {
        println!("==> {name}: {} ({:.1} s)", verdict(ok), took.as_secs_f64());
        self.done.push(Step {
            name: name.to_owned(),
            ok,
            took,
        });
    }

    /// Prints the summary and the closing line, and gives the exit status.
    pub fn close(self) -> ExitCode {
        println!("\n==> summary");
        for step in &self.done {
            println!(
                "    {:<7} {:>7.1} s  {}",
                verdict(step.ok),
                step.took.as_secs_f64(),
                step.name
            );
        }
        let ok = self.done.iter().all(|step| step.ok);
        if !ok {
            println!("    a step failed; its own output above says why");
        }
        println!("{} passed, {} failed", self.tests.passed, self.tests.failed);
        if ok {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

impl Counted {
    fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }

    /// Reads a closing line of nextest (`Summary … 5 passed, 1 failed …`) or of libtest
    /// (`test result: ok. 5 passed; 0 failed; …`).
    pub fn in_line(line: &str) -> Option<Self> {
        let plain = without_colour(line);
        // An indented `test result:` is what nextest repeats of a failed test's own output.
        if !(plain.trim_start().starts_with("Summary [") || plain.starts_with("test result:")) {
            return None;
        }
        let words: Vec<&str> = plain
            .split([' ', ',', ';'])
            .filter(|word| !word.is_empty())
            .collect();
        let before = |what: &str| -> u64 {
            words
                .windows(2)
                .filter_map(|pair| match pair {
                    [number, word] if *word == what => number.parse::<u64>().ok(),
                    _ => None,
                })
                .sum()
        };
        Some(Self {
            passed: before("passed"),
            failed: before("failed") + before("timed"),
        })
    }
}

/// Announces what comes next.
pub fn say(what: &str) {
    println!("\n==> {what}");
}

/// Says why a chore could not even be tried.
pub fn gave_up(error: &anyhow::Error) -> ExitCode {
    eprintln!("xtask: {error:#}");
    ExitCode::FAILURE
}

fn verdict(ok: bool) -> &'static str {
    if ok { "ok" } else { "FAILED" }
}

fn forward(stream: impl std::io::Read, show: impl Fn(&str)) -> Counted {
    let mut counted = Counted::default();
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while matches!(reader.read_until(b'\n', &mut bytes), Ok(read) if read > 0) {
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end_matches(['\n', '\r']);
        show(line);
        counted = counted.plus(Counted::in_line(line).unwrap_or_default());
        bytes.clear();
    }
    counted
}

fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Counted, Steps};

    #[test]
    fn a_run_of_no_test_is_no_success() {
        let mut steps = Steps::default();
        steps.demand_tests(Some("typo"));
        assert!(steps.done.iter().any(|step| !step.ok));
        let mut steps = Steps::default();
        steps.tests.passed = 1;
        steps.demand_tests(Some("typo"));
        assert!(steps.done.is_empty());
    }

    #[test]
    fn the_closing_lines_of_both_runners_are_counted() {
        let nextest = "\u{1b}[32;1m     Summary\u{1b}[0m [   1.2s] 7 tests run: 5 passed (1 slow), 2 failed, 3 skipped";
        let libtest = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(
            Counted::in_line(nextest),
            Some(Counted {
                passed: 5,
                failed: 2
            })
        );
        assert_eq!(
            Counted::in_line(libtest),
            Some(Counted {
                passed: 3,
                failed: 0
            })
        );
        assert_eq!(Counted::in_line("5 passed, 2 failed"), None);
        assert_eq!(Counted::in_line(&format!("    {libtest}")), None);
    }
}
