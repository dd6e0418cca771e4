//! `gerbang profile`: which gateways a merchant's developer works with.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use merchant_sdk::{DOKU_PRODUCTION, DOKU_SANDBOX, PublicKey};
use serde_json::{Map, Value, json};

use crate::cli::{AddProfileArgs, ProfileAction, ProfileCommand};
use crate::profiles::{Customers, Entry, Place, Profile, Profiles, check_name};
use crate::screen;

/// Does what is asked.
pub fn run(command: ProfileCommand) -> anyhow::Result<ExitCode> {
    let mut profiles = Profiles::read()?;
    match command.action {
        ProfileAction::Add(args) => add(profiles, &args, command.json)?,
        ProfileAction::Use { name } => {
            profiles.get(&name)?;
            profiles.in_use = Some(name.clone());
            profiles.write()?;
            said(command.json, &name, "is used where nothing else is said");
        }
        ProfileAction::List => list(&profiles, command.json),
        ProfileAction::Show { name } => return show(&profiles, name, command.json),
        ProfileAction::Remove { name } => {
            profiles.get(&name)?;
            profiles.profiles.remove(&name);
            profiles.in_use = profiles.in_use.filter(|used| *used != name);
            profiles.write()?;
            Customers::of_profile(&name)?.forget()?;
            said(command.json, &name, "is forgotten");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds one, if everything that it names can be read now. A variable may be set later.
fn add(mut profiles: Profiles, args: &AddProfileArgs, as_json: bool) -> anyhow::Result<()> {
    check_name(&args.name)?;
    let secret = place(&args.secret_file, &args.secret_env)?;
    let entry = Entry {
        gateway: match args.gateway.as_str() {
            "doku-sandbox" => DOKU_SANDBOX.to_owned(),
            "doku-production" => DOKU_PRODUCTION.to_owned(),
            url => url.trim_end_matches('/').to_owned(),
        },
        client_id: args.client_id.clone(),
        private_key_file: whole(&args.private_key_file)?,
        gateway_public_key_file: args
            .gateway_public_key_file
            .as_deref()
            .map(whole)
            .transpose()?,
        secret: secret
            .context("the client secret is missing: give --secret-file or --secret-env")?,
        passphrase: place(&args.passphrase_file, &args.passphrase_env)?,
        notification_secret: place(
            &args.notification_secret_file,
            &args.notification_secret_env,
        )?,
    };
    let waits_for = variables(&entry)
        .filter(|name| crate::environment::secret(name).is_none())
        .map(str::to_owned)
        .collect::<Vec<_>>();
    if waits_for.is_empty() {
        Profile::of_entry(&args.name, &entry)?;
    }
    profiles.profiles.insert(args.name.clone(), entry);
    let first = profiles.in_use.is_none();
    if first {
        profiles.in_use = Some(args.name.clone());
    }
    profiles.write()?;
    let what = if first {
        "is added, and in use"
    } else {
        "is added"
    };
    said(as_json, &args.name, what);
    for name in waits_for {
        screen::aside(format!("{name} is not set here; commands need it"));
    }
    if !as_json {
        screen::note("whether the gateway takes its keys, this says:");
        screen::command(format!("token --profile {}", args.name));
    }
    Ok(())
}

fn list(profiles: &Profiles, as_json: bool) {
    let in_use = |name: &String| profiles.in_use.as_ref() == Some(name);
    if as_json {
        let one = |(name, entry): (&String, &Entry)| {
            let mut one = object(&rows(name, entry));
            one.insert("in_use".to_owned(), json!(in_use(name)));
            Value::Object(one)
        };
        screen::json(&profiles.profiles.iter().map(one).collect());
    } else if profiles.profiles.is_empty() {
        screen::note("no profile yet; `gerbang profile add --help` tells how to add one");
        screen::note("against `gerbang sandbox` none is needed");
    } else {
        let row = |(name, entry): (&String, &Entry)| {
            let used = if in_use(name) { "in use" } else { "" };
            let cells = [name.as_str(), &entry.gateway, &entry.client_id, used];
            cells.map(str::to_owned).to_vec()
        };
        let rows: Vec<Vec<String>> = profiles.profiles.iter().map(row).collect();
        screen::table(&["profile", "gateway", "client id", ""], &rows);
    }
}

/// Shows one, and tries to read what it names.
fn show(profiles: &Profiles, name: Option<String>, as_json: bool) -> anyhow::Result<ExitCode> {
    let name = name.or_else(|| profiles.in_use.clone());
    let name =
        name.context("no profile is in use; `gerbang profile list` shows which there are")?;
    let entry = profiles.get(&name)?;
    let usable = Profile::of_entry(&name, entry);
    let mut rows = rows(&name, entry);
    if let Ok(profile) = &usable {
        let gateway_key = profile.gateway_public_key.as_ref();
        let gateway_key = gateway_key.map(PublicKey::fingerprint);
        let shown = |key| format!("sha256:{key}");
        rows.push(("private key", Some(shown(profile.key_fingerprint.clone()))));
        rows.push(("gateway key", gateway_key.map(shown)));
    }
    if as_json {
        screen::json(&Value::Object(object(&rows)));
    } else {
        for (name, value) in &rows {
            screen::value(name, value.as_deref().unwrap_or("none"));
        }
    }
    if let Err(error) = usable {
        screen::error(&error);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

type Row = (&'static str, Option<String>);

fn rows(name: &str, entry: &Entry) -> Vec<Row> {
    let place = |place: &Option<Place>| place.as_ref().map(Place::to_string);
    let gateway_key = entry.gateway_public_key_file.as_ref();
    vec![
        ("profile", Some(name.to_owned())),
        ("gateway", Some(entry.gateway.clone())),
        ("client id", Some(entry.client_id.clone())),
        ("secret", Some(entry.secret.to_string())),
        (
            "private key file",
            Some(entry.private_key_file.display().to_string()),
        ),
        ("passphrase", place(&entry.passphrase)),
        (
            "gateway key file",
            gateway_key.map(|file| file.display().to_string()),
        ),
        ("notification secret", place(&entry.notification_secret)),
    ]
}

fn object(rows: &[Row]) -> Map<String, Value> {
    let member = |(name, value): &Row| (name.replace(' ', "_"), json!(value));
    rows.iter().map(member).collect()
}

fn said(as_json: bool, name: &str, what: &str) {
    if as_json {
        screen::json(&json!({ "profile": name }));
    } else {
        screen::good(format!("profile {name} {what}"));
    }
}

fn variables(entry: &Entry) -> impl Iterator<Item = &str> {
    let places = [
        Some(&entry.secret),
        entry.passphrase.as_ref(),
        entry.notification_secret.as_ref(),
    ];
    places
        .into_iter()
        .flatten()
        .filter_map(|place| match place {
            Place::Env(name) => Some(name.as_str()),
            Place::File(_) => None,
        })
}

fn place(file: &Option<PathBuf>, variable: &Option<String>) -> anyhow::Result<Option<Place>> {
    match (file, variable) {
        (Some(file), _) => Ok(Some(Place::File(whole(file)?))),
        (None, Some(name)) => Ok(Some(Place::Env(name.clone()))),
        (None, None) => Ok(None),
    }
}

/// The path from the root, so that the profile works in every folder.
fn whole(file: &Path) -> anyhow::Result<PathBuf> {
    std::fs::canonicalize(file).with_context(|| format!("{} cannot be read", file.display()))
}
