//! `gerbang verify`: 0 when the signature matches, 1 when it does not, 2 when it could not be checked.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;
use snap::mistakes::{Known, Mistake};
use snap::{BodyForm, headers, signature};

use super::case::{self, Case};
use super::difference::{Difference, TOKEN};
use super::keys::Keys;
use crate::cli::{SignatureKind, VerifyArgs};
use crate::{files, screen};

/// It does not match.
const DIFFERS: u8 = 1;
/// It could not be checked.
const NOT_CHECKED: u8 = 2;

/// Checks and prints.
pub fn run(args: &VerifyArgs) -> ExitCode {
    check(args).unwrap_or_else(|error| {
        screen::error(&error);
        ExitCode::from(NOT_CHECKED)
    })
}

fn check(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let keys = Keys::read(&args.keys)?;
    let case = Case::read(&args.request, &keys)?;
    let signature = args
        .signature
        .as_deref()
        .or(case.raw.header(headers::X_SIGNATURE));
    let signature = signature.map(str::trim);
    anyhow::ensure!(
        signature.is_some() || args.string_to_sign.is_some(),
        "the signature is missing: send X-SIGNATURE, or give it with --signature"
    );
    anyhow::ensure!(
        !case.timestamp.is_empty(),
        "X-TIMESTAMP is missing: give it with --timestamp"
    );
    let found = Found::of(&case, &keys, signature, args.string_to_sign.as_deref())?;
    let rows = case.rows(&keys, found.body_form());
    let notes: Vec<&String> = case.notes(&keys).collect();
    if args.json {
        let mut object = case::object(&rows, &notes);
        let mistakes = found.mistakes.iter().map(|mistake| {
            json!({ "name": mistake.name(), "what": mistake.what(), "change": mistake.change() })
        });
        object.insert("matches".to_owned(), json!(found.matches));
        object.insert("mistakes".to_owned(), mistakes.collect());
        if let Some(difference) = &found.difference {
            object.insert("difference".to_owned(), difference.json());
        }
        screen::json(&object.into());
    } else {
        case::print(&rows, &notes);
        found.print(args.string_to_sign.is_some());
    }
    Ok(if found.matches {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DIFFERS)
    })
}

/// What came out.
#[derive(Default)]
struct Found {
    matches: bool,
    form: Option<BodyForm>,
    mistakes: Vec<Mistake>,
    difference: Option<Difference>,
}

impl Found {
    fn of(
        case: &Case,
        keys: &Keys,
        signature: Option<&str>,
        string_to_sign: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let mut found = Self::default();
        let others: Vec<_> = keys.other_secrets.iter().collect();
        let customer_token = case.raw.header(headers::AUTHORIZATION_CUSTOMER);
        let known = Known {
            secret: keys.secret.as_ref(),
            other_secrets: &others,
            public_keys: &keys.public,
            base_url: case.raw.base_url.as_deref(),
            customer_token: customer_token.map(headers::customer_token),
        };
        if let Some(signature) = signature {
            found.check(case, keys, signature)?;
            if !found.matches {
                found.mistakes = match case.kind {
                    SignatureKind::Token => case.token_request(signature).mistakes(&known),
                    SignatureKind::Transaction => case.transaction(signature).mistakes(&known),
                }
                .unwrap_or_default();
            }
        }
        if let Some(file) = string_to_sign {
            let text = files::read_text(file)?;
            let yours = text.strip_suffix('\n').unwrap_or(&text);
            found.difference = Difference::between(&parts(case), yours);
            found.matches |= signature.is_none() && found.difference.is_none();
            if found.mistakes.is_empty() {
                found.mistakes.extend(match case.kind {
                    SignatureKind::Token => case.token_request("").mistake_in(yours),
                    SignatureKind::Transaction => case.transaction("").mistake_in(&known, yours),
                });
            }
        }
        Ok(found)
    }

    fn check(&mut self, case: &Case, keys: &Keys, signature: &str) -> anyhow::Result<()> {
        match case.kind {
            SignatureKind::Token => {
                let key = keys.public.first().context(
                    "the public key is missing: name its file with --public-key, or the private key's with \
                     --private-key, or a sandbox's folder with --sandbox",
                )?;
                self.matches = key.verify_token(&case.client_key, &case.timestamp, signature);
            }
            SignatureKind::Transaction => {
                let secret = keys.secret.as_ref().context(
                    "the secret is missing: name its file with --secret-file, or set GERBANG_CLIENT_SECRET, or \
                     name a sandbox's folder with --sandbox",
                )?;
                self.form = signature::verify(
                    secret,
                    &case.raw.method,
                    &case.raw.target,
                    &case.token,
                    &case.raw.body,
                    &case.timestamp,
                    signature,
                );
                self.matches = self.form.is_some();
            }
        }
        Ok(())
    }

    fn body_form(&self) -> Option<&'static str> {
        self.form.map(|form| match form {
            BodyForm::Raw => "as sent",
            BodyForm::Compact => "without the white space between its members",
            BodyForm::Unescaped => "without that white space, and with its escapes resolved",
        })
    }

    fn print(&self, has_text: bool) {
        screen::gap();
        if self.matches {
            screen::good(if self.form.is_some() || !has_text {
                "The signature matches."
            } else {
                "The strings to sign are the same."
            });
            return;
        }
        screen::bad("It does not match.");
        for mistake in &self.mistakes {
            screen::line(format!("  {}.", capital(mistake.what())));
            screen::line(format!("  → {}", mistake.change()));
        }
        if let Some(difference) = &self.difference {
            screen::line(format!(
                "  The strings to sign part at character {}, in {}:",
                difference.at, difference.part
            ));
            screen::value("right", &difference.right);
            screen::value("yours", &difference.yours);
        } else if has_text {
            screen::line(
                "  Your string to sign is right: the secret or key, the algorithm or the encoding is not.",
            );
        } else if self.mistakes.is_empty() {
            screen::line(
                "  None of the usual mistakes explains it. Most likely the secret or key is another one,",
            );
            screen::line(
                "  or another body was signed. Give the string that you signed with --string-to-sign FILE.",
            );
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

/// The right string to sign, part by part.
fn parts(case: &Case) -> Vec<(&'static str, String)> {
    match case.kind {
        SignatureKind::Token => vec![
            ("the client id", format!("{}|", case.client_key)),
            ("the timestamp", case.timestamp.clone()),
        ],
        SignatureKind::Transaction => {
            let compact = snap::body::compact(&case.raw.body);
            vec![
                ("the method", format!("{}:", case.raw.method)),
                ("the path", format!("{}:", case.raw.target)),
                (TOKEN, format!("{}:", case.token)),
                (
                    "the digest of the body",
                    format!("{}:", signature::digest_hex(&compact)),
                ),
                ("the timestamp", case.timestamp.clone()),
            ]
        }
    }
}
