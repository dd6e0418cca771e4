//! What a request means for its signature: which kind it is, and the parts that are signed.

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use snap::mistakes::{TokenRequest, Transaction, shortened};
use snap::{body, headers, paths, signature};

use super::keys::Keys;
use super::raw::Raw;
use crate::cli::{RequestArgs, SignatureKind};
use crate::{environment, files, screen};

/// One request with everything that is signed.
pub struct Case {
    /// Which kind.
    pub kind: SignatureKind,
    /// The request.
    pub raw: Raw,
    /// X-TIMESTAMP; empty when there is none.
    pub timestamp: String,
    /// The client id of a token request; empty otherwise.
    pub client_key: String,
    /// The B2B token; empty for token requests.
    pub token: String,
    show_token: bool,
}

impl Case {
    /// Puts the parts together.
    pub fn read(args: &RequestArgs, keys: &Keys) -> anyhow::Result<Self> {
        let raw = Raw::read(args)?;
        let kind = args.kind.unwrap_or_else(|| kind_of(&raw, args));
        let timestamp = args
            .timestamp
            .as_deref()
            .or(raw.header(headers::X_TIMESTAMP));
        let mut case = Self {
            kind,
            timestamp: timestamp.unwrap_or_default().to_owned(),
            client_key: String::new(),
            token: String::new(),
            show_token: args.show_token,
            raw,
        };
        match kind {
            SignatureKind::Token => case.client_key = client_key(args, &case.raw, keys)?,
            SignatureKind::Transaction => {
                anyhow::ensure!(
                    !case.raw.target.is_empty(),
                    "the path is missing: name it with --path, or give the request with --curl or --request"
                );
                case.token = token(args, &mut case.raw)?;
            }
        }
        Ok(case)
    }

    /// As a transaction.
    pub fn transaction<'a>(&'a self, signature: &'a str) -> Transaction<'a> {
        Transaction {
            method: &self.raw.method,
            target: &self.raw.target,
            token: &self.token,
            body: &self.raw.body,
            timestamp: &self.timestamp,
            signature,
        }
    }

    /// As a token request.
    pub fn token_request<'a>(&'a self, signature: &'a str) -> TokenRequest<'a> {
        TokenRequest {
            client_key: &self.client_key,
            timestamp: &self.timestamp,
            body: &self.raw.body,
            signature,
        }
    }

    /// The right string to sign.
    pub fn string_to_sign(&self) -> String {
        match self.kind {
            SignatureKind::Token => self.token_request("").string_to_sign(),
            SignatureKind::Transaction => self.transaction("").string_to_sign(),
        }
    }

    /// The parts in order, each with its name, as they may be shown.
    pub fn rows(&self, keys: &Keys, body_form: Option<&str>) -> Vec<(&'static str, String)> {
        let mut rows = Vec::new();
        match self.kind {
            SignatureKind::Token => {
                rows.push(("kind", "token request: SHA256withRSA".to_owned()));
                rows.push(("client id", self.client_key.clone()));
                rows.push(("timestamp", self.timestamp.clone()));
                rows.extend(keys.public_fingerprint().map(|key| ("public key", key)));
                rows.push(("string to sign", self.string_to_sign()));
            }
            SignatureKind::Transaction => {
                let compact = body::compact(&self.raw.body);
                rows.push(("kind", "transaction: HMAC-SHA512".to_owned()));
                rows.push(("method", self.raw.method.clone()));
                rows.push(("path", self.raw.target.clone()));
                rows.push(("token", self.shown_token()));
                rows.push(("body", format!("{} bytes", self.raw.body.len())));
                rows.extend(body_form.map(|form| ("body form", form.to_owned())));
                rows.push(("digest", signature::digest_hex(&compact)));
                rows.push(("timestamp", self.timestamp.clone()));
                rows.extend(keys.secret_fingerprint().map(|secret| ("secret", secret)));
                let shown = self.transaction("").shown();
                let shown = if self.show_token {
                    self.string_to_sign()
                } else {
                    shown
                };
                rows.push(("string to sign", shown));
            }
        }
        rows
    }

    /// What was noticed while all of it was read.
    pub fn notes<'a>(&'a self, keys: &'a Keys) -> impl Iterator<Item = &'a String> {
        self.raw.notes.iter().chain(&keys.notes)
    }

    fn shown_token(&self) -> String {
        match (self.token.is_empty(), self.show_token) {
            (true, _) => "none".to_owned(),
            (_, true) => self.token.clone(),
            (_, false) => shortened(&self.token),
        }
    }
}

/// Prints rows and notes for people.
pub fn print(rows: &[(&'static str, String)], notes: &[&String]) {
    for (name, value) in rows {
        screen::value(name, value);
    }
    for note in notes {
        screen::note(format!("  note: {note}"));
    }
}

/// The rows as JSON members.
pub fn object(rows: &[(&'static str, String)], notes: &[&String]) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, value) in rows {
        object.insert(camel(name), json!(value));
    }
    if !notes.is_empty() {
        object.insert("notes".to_owned(), json!(notes));
    }
    object
}

fn camel(name: &str) -> String {
    let mut words = name.split(' ');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, rest) = word.split_at(1);
        format!("{name}{}{rest}", head.to_uppercase())
    })
}

fn kind_of(raw: &Raw, args: &RequestArgs) -> SignatureKind {
    let path = raw.target.split('?').next().unwrap_or_default();
    let for_token = [paths::BANK_TOKEN_B2B, paths::BANK_TOKEN_B2B2C]
        .iter()
        .filter_map(|path| path.rsplit_once('/'))
        .any(|(_, name)| path.ends_with(&format!("/access-token/{name}")));
    let no_path = path.is_empty() && args.client_id.is_some();
    if for_token || no_path || raw.header(headers::X_CLIENT_KEY).is_some() {
        SignatureKind::Token
    } else {
        SignatureKind::Transaction
    }
}

fn client_key(args: &RequestArgs, raw: &Raw, keys: &Keys) -> anyhow::Result<String> {
    let given = args
        .client_id
        .as_deref()
        .or(raw.header(headers::X_CLIENT_KEY));
    given
        .or(keys.client_id.as_deref())
        .map(str::to_owned)
        .context("the client id is missing: name it with --client-id, or send X-CLIENT-KEY")
}

/// The B2B token: from the file, the header, the environment.
fn token(args: &RequestArgs, raw: &mut Raw) -> anyhow::Result<String> {
    if let Some(file) = &args.token_file {
        return Ok(files::read_secret(file)?.expose().to_owned());
    }
    if let Some(value) = raw.header(headers::AUTHORIZATION).map(str::to_owned) {
        return Ok(headers::bearer(&value)
            .map(str::to_owned)
            .unwrap_or_else(|| {
                raw.notes
                    .push("Authorization has no Bearer before the token".to_owned());
                value
            }));
    }
    let token = environment::secret("GERBANG_TOKEN");
    token.map(|token| token.expose().to_owned()).context(
        "the B2B token is missing: send it as `Authorization: Bearer …`, or name a file with --token-file, or set \
         GERBANG_TOKEN",
    )
}
