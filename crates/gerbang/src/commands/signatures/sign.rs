//! `gerbang sign`.

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use serde_json::json;
use snap::timestamp::{Timestamp, format_jakarta};
use snap::{body, headers, signature};

use super::case::{self, Case};
use super::keys::Keys;
use crate::cli::{SignArgs, SignatureKind};
use crate::{clock, screen};

/// Signs and prints.
pub fn run(args: &SignArgs) -> anyhow::Result<ExitCode> {
    let keys = Keys::read(&args.keys)?;
    let mut case = Case::read(&args.request, &keys)?;
    if case.timestamp.is_empty() {
        case.timestamp = format_jakarta(clock::now_ms());
    }
    Timestamp::parse(&case.timestamp).with_context(|| format!("`{}`", case.timestamp))?;
    let signature = signed(&case, &keys)?;
    if args.headers {
        screen::line(format!("{}: {}", headers::X_TIMESTAMP, case.timestamp));
        screen::line(format!("{}: {signature}", headers::X_SIGNATURE));
        return Ok(ExitCode::SUCCESS);
    }
    let form = if body::compact(&case.raw.body) == case.raw.body {
        "as sent"
    } else {
        "without the white space between its members"
    };
    let rows = case.rows(&keys, Some(form));
    let notes: Vec<&String> = case.notes(&keys).collect();
    if args.json {
        let mut object = case::object(&rows, &notes);
        object.insert("signature".to_owned(), json!(signature));
        screen::json(&object.into());
    } else {
        case::print(&rows, &notes);
        screen::value("signature", signature);
    }
    Ok(ExitCode::SUCCESS)
}

fn signed(case: &Case, keys: &Keys) -> anyhow::Result<String> {
    let signature = match case.kind {
        SignatureKind::Token => {
            let key = keys.private.as_ref().context(
                "the private key is missing: name its file with --private-key or GERBANG_PRIVATE_KEY_FILE, or a \
                 sandbox's folder with --sandbox",
            )?;
            key.sign_token(&case.client_key, &case.timestamp)
        }
        SignatureKind::Transaction => {
            let secret = keys.secret.as_ref().context(
                "the secret is missing: name its file with --secret-file, or set GERBANG_CLIENT_SECRET, or name a \
                 sandbox's folder with --sandbox",
            )?;
            signature::mac(secret, &case.string_to_sign())
        }
    };
    ensure!(!signature.is_empty(), "the key could not sign");
    Ok(signature)
}
