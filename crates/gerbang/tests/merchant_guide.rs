//! What `docs/merchant-guide.md` shows works: its shell blocks are run in order against a real sandbox, and
//! every answer they get has the form that the API describes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use std::path::Path;
use std::process::{Command, Stdio};

use boon::{Compiler, Schemas};
use serde_json::Value;
use shell::Sandbox;
use snap::{ReceivedCode, openapi, paths};

const GUIDE: &str = include_str!("../../../docs/merchant-guide.md");

/// The answers that the guide keeps, and whose they are.
const ANSWERS: &[(&str, &str, &str)] = &[
    ("b2b-answer.json", paths::TOKEN_B2B, "2007300"),
    ("bind-answer.json", paths::BINDING, "2000700"),
    ("b2b2c-answer.json", paths::TOKEN_B2B2C, "2007400"),
    ("balance-answer.json", paths::BALANCE, "2001100"),
    ("pay-answer.json", paths::PAYMENT, "2005400"),
    ("status-answer.json", paths::STATUS, "2005500"),
    ("refund-answer.json", paths::REFUND, "2005800"),
    ("unbind-answer.json", paths::UNBINDING, "2000900"),
    ("refused-answer.json", paths::STATUS, "4015500"),
];

/// The blocks that are marked `sh`, as one script.
fn script() -> String {
    let mut script = String::from("set -eu -o pipefail\n");
    let mut inside = false;
    for line in GUIDE.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => {
                script.push_str(line);
                script.push('\n');
            }
            _ => {}
        }
    }
    script
}

#[test]
fn every_snippet_of_the_guide_works_and_every_answer_is_as_described() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start_on(&folder.path().join("gerbang-data"), &[]);
    let binary = Path::new(env!("CARGO_BIN_EXE_gerbang")).parent().unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display());
    let output = Command::new("bash")
        .args(["-c", &script()])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env_remove("GERBANG_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (said, complained) = (shell::stdout(&output), shell::stderr(&output));
    assert!(output.status.success(), "{said}\n{complained}");
    for told in [
        "The signature matches.",
        "the method was signed in lower case",
        "The method was signed in lower case.",
        "ended with 1",
    ] {
        assert!(
            said.contains(told),
            "{told} is missing:\n{said}\n{complained}"
        );
    }
    for (file, path, code) in ANSWERS {
        let answer = std::fs::read_to_string(folder.path().join(file)).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["responseCode"], *code, "{answer}");
        let status = ReceivedCode::parse(code).unwrap().http;
        check_form(path, status, &answer);
    }
    assert!(sandbox.stop().success());
}

fn check_form(path: &str, status: u16, answer: &Value) {
    let mut compiler = Compiler::new();
    compiler
        .add_resource("https://gerbang.test/openapi.json", openapi::document())
        .unwrap();
    let path = path.replace('/', "~1");
    let schema = format!(
        "https://gerbang.test/openapi.json#/paths/{path}/post/responses/{status}/content/application~1json/schema"
    );
    let mut schemas = Schemas::new();
    let schema = compiler.compile(&schema, &mut schemas).unwrap();
    let fits = schemas.validate(answer, schema);
    assert!(
        fits.is_ok(),
        "{path} {status}: {:#}\n{answer}",
        fits.unwrap_err()
    );
}
