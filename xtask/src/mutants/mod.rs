//! Mutants: what keeps the promises is broken on purpose, one piece at a time, and the test that guards it must
//! go red. `docs/reliability.md` shows the list.
//!
//! The tree is copied and the copy is broken, so a run that is interrupted leaves the tree as it was. Nothing
//! of the product is built here that the tests do not build too.

mod copy;
pub mod list;

use anyhow::{Context, Result, bail};
use cargo_metadata::{Message, MetadataCommand};
use clap::Args;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::{root, steps};
use list::{Mutant, Test};

/// No test of the list takes this long; one that hangs has not failed by what it asserts.
const LONGEST_S: &str = "300";

/// Which ones.
#[derive(Args)]
pub struct Options {
    /// Only those whose name contains this
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Show the list and break nothing
    #[arg(long)]
    list: bool,
}

/// What became of a mutant.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Its test went red.
    Killed,
    /// Its test stayed green.
    Survived,
    /// The broken tree did not compile, or the test did not come to an end: the list needs mending.
    Spoilt(String),
}

/// Breaks one after the other; fails when one is not noticed.
pub fn run(options: &Options) -> Result<ExitCode> {
    let wanted = |mutant: &&Mutant| {
        let only = options.only.as_deref().unwrap_or_default();
        mutant.name.contains(only)
    };
    let chosen: Vec<_> = list::all().filter(wanted).collect();
    if chosen.is_empty() {
        bail!("no mutant has such a name; `cargo xtask mutants --list` shows them all");
    }
    if options.list {
        for mutant in &chosen {
            println!("{:<48} {}", mutant.name, mutant.test);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let stale = stale(&root())?;
    if !stale.is_empty() {
        bail!("the list does not fit the tree:\n  {}", stale.join("\n  "));
    }
    let ground = Ground::prepare()?;
    ground.must_be_green(&chosen)?;
    steps::say("mutants");
    let mut survivors = 0;
    for mutant in &chosen {
        let started = Instant::now();
        let fate = ground.fate(mutant)?;
        survivors += usize::from(fate != Fate::Killed);
        println!(
            "{:<8} {:>6.1} s  {:<48} {}",
            fate.word(),
            started.elapsed().as_secs_f64(),
            mutant.name,
            mutant.test
        );
        if let Fate::Spoilt(why) = fate {
            println!("{why}");
        }
    }
    println!(
        "{} killed, {survivors} not",
        chosen.len().saturating_sub(survivors)
    );
    Ok(if survivors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The list as `docs/reliability.md` shows it.
pub fn table() -> String {
    let mut table = "| Broken | The test that goes red |\n|---|---|\n".to_owned();
    for Mutant { name, test, .. } in list::all() {
        let (module, sentence) = test.name.rsplit_once("::").unwrap_or(("", test.name));
        let file = module.strip_prefix("end_to_end::").unwrap_or(test.target);
        table.push_str(&format!(
            "| {name} | {}, `{file}`: `{sentence}` |\n",
            test.package
        ));
    }
    table
}

/// What of the list does not fit the tree: a text that is not there exactly once, a test that is not there, a
/// unique index that nobody breaks.
pub fn stale(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let mut names = BTreeSet::new();
    for mutant in list::all() {
        if !names.insert(mutant.name) {
            findings.push(format!("two mutants are called `{}`", mutant.name));
        }
        for edit in mutant.edits {
            let times = read(&root.join(edit.file))?.matches(edit.find).count();
            if times != 1 {
                findings.push(format!(
                    "{}: {} has {times} times, not once: {}",
                    mutant.name, edit.file, edit.find
                ));
            }
        }
        let tests = root.join("crates").join(mutant.test.package).join("tests");
        let name = mutant.test.name.rsplit("::").next().unwrap_or_default();
        let heading = format!("fn {name}(");
        if !copy::files_below(&tests)?
            .iter()
            .any(|file| read(file).is_ok_and(|text| text.contains(&heading)))
        {
            findings.push(format!("{}: there is no test {name}", mutant.name));
        }
    }
    findings.extend(unbroken_indexes(root)?);
    Ok(findings)
}

fn unbroken_indexes(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in copy::files_below(&root.join("crates/storage/migrations"))? {
        let is_broken = |line: &str| {
            list::all().flat_map(|mutant| mutant.edits).any(|edit| {
                root.join(edit.file) == file
                    && (edit.find.contains(line) || line.contains(edit.find))
            })
        };
        for line in read(&file)?.lines().map(str::trim) {
            if line.contains("UNIQUE") && !line.starts_with("--") && !is_broken(line) {
                findings.push(format!(
                    "{}: no mutant takes this away: {line}",
                    file.display()
                ));
            }
        }
    }
    Ok(findings)
}

/// The copy of the tree, and where it is built: beside what the tree itself builds, so that the crates of others
/// are built once.
struct Ground {
    tree: PathBuf,
    target: PathBuf,
}

impl Ground {
    fn prepare() -> Result<Self> {
        let metadata = MetadataCommand::new()
            .current_dir(root())
            .no_deps()
            .exec()?;
        let target = metadata.target_directory.into_std_path_buf();
        let tree = target.join("mutants");
        copy::refresh(&root(), &tree)?;
        Ok(Self { tree, target })
    }

    fn must_be_green(&self, chosen: &[&Mutant]) -> Result<()> {
        steps::say("the tests, with nothing broken");
        let tests: BTreeSet<Test> = chosen.iter().map(|mutant| mutant.test).collect();
        for test in tests {
            match self.noticed(test)? {
                Fate::Survived => println!("green    {test}"),
                Fate::Killed => bail!("{test} is red with nothing broken: mend it first"),
                Fate::Spoilt(why) => bail!("{test}: {why}"),
            }
        }
        Ok(())
    }

    fn fate(&self, mutant: &Mutant) -> Result<Fate> {
        let mut whole = Vec::new();
        for edit in mutant.edits {
            let file = self.tree.join(edit.file);
            let text = read(&file)?;
            std::fs::write(&file, text.replacen(edit.find, edit.replace, 1))?;
            whole.push((file, text));
        }
        let fate = self.noticed(mutant.test);
        // Backwards, should two edits be in one file.
        for (file, text) in whole.into_iter().rev() {
            std::fs::write(file, text)?;
        }
        fate
    }

    /// Builds, and then runs the test alone.
    fn noticed(&self, test: Test) -> Result<Fate> {
        let built = Command::new("cargo")
            .args(["test", "-q", "-p", test.package, "--test", test.target])
            .args(["--no-run", "--message-format=json"])
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()
            .context("cannot start cargo")?;
        let program = Message::parse_stream(&built.stdout[..])
            .filter_map(Result::ok)
            .find_map(|message| match message {
                Message::CompilerArtifact(artifact) => artifact.executable,
                _ => None,
            });
        let (true, Some(program)) = (built.status.success(), program) else {
            return Ok(Fate::Spoilt(format!(
                "it does not compile; try it by hand in {}",
                self.tree.display()
            )));
        };
        let ran = Command::new("timeout")
            .args(["--kill-after=5", LONGEST_S, program.as_str()])
            .args(["--exact", test.name])
            .current_dir(self.tree.join("crates").join(test.package))
            .output()
            .context("cannot start the test")?;
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        let counted = said.lines().find_map(steps::Counted::in_line);
        Ok(
            match counted.map(|counted| (counted.passed, counted.failed)) {
                Some((1, 0)) => Fate::Survived,
                Some((0, 1)) => Fate::Killed,
                _ => Fate::Spoilt(format!("the test came to no end:\n{said}")),
            },
        )
    }
}

impl Fate {
    fn word(&self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Survived => "SURVIVED",
            Self::Spoilt(_) => "SPOILT",
        }
    }
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}
