//! `gerbang profile` and `gerbang token`: which gateway is meant, and that no secret is written or printed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use shell::{Sandbox, stderr, stdout};

/// Runs it in a folder, with the profiles that are kept there.
fn gerbang(folder: &Path, args: &[&str], profile: Option<&str>) -> Output {
    let mut command = shell::command(args);
    command
        .current_dir(folder)
        .env("GERBANG_PROFILES", folder.join("profiles.toml"));
    if let Some(profile) = profile {
        command.env("GERBANG_PROFILE", profile);
    }
    command.output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_running_sandbox_needs_no_profile_and_a_profile_works_anywhere() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let sandbox = Sandbox::start_on(&here.join("gerbang-data"), &[]);
    let output = gerbang(here, &["token"], None);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains(&sandbox.text("client_id")));
    assert_eq!(stderr(&output), "", "nothing to ask about");

    // The token goes into a file, and `sign` takes it from there.
    assert!(
        gerbang(here, &["token", "--to", "token"], None)
            .status
            .success()
    );
    let token = std::fs::read_to_string(here.join("token")).unwrap();
    assert!(!stdout(&output).contains(&token));
    let mode = std::fs::metadata(here.join("token")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let sign = [
        "sign",
        "--sandbox",
        "gerbang-data",
        "--token-file",
        "token",
        "--path",
        "/x",
    ];
    assert!(gerbang(here, &sign, None).status.success());

    // A profile with the same keys.
    let secret = sandbox.text("client_secret");
    std::fs::write(here.join("secret"), format!("{secret}\n")).unwrap();
    let (base_url, client_id) = (sandbox.text("base_url"), sandbox.text("client_id"));
    let (key, gateway_key) = (
        sandbox.text("merchant_private_key"),
        sandbox.text("gateway_public_key"),
    );
    let add = [
        "profile",
        "add",
        "toko",
        "--gateway",
        &base_url,
        "--client-id",
        &client_id,
        "--secret-file",
        "secret",
        "--private-key-file",
        &key,
        "--gateway-public-key-file",
        &gateway_key,
    ];
    let output = gerbang(here, &add, None);
    assert!(
        stdout(&output).contains("added, and in use"),
        "{}",
        stderr(&output)
    );
    let file = std::fs::read_to_string(here.join("profiles.toml")).unwrap();
    assert!(!file.contains(&secret), "{file}");
    let shown = gerbang(here, &["profile", "show"], None);
    assert!(!stdout(&shown).contains(&secret));
    assert!(stdout(&shown).contains("sha256:"));

    // In another folder there is no sandbox; here it comes before the profile in use, and says so.
    let elsewhere = here.join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::copy(here.join("profiles.toml"), elsewhere.join("profiles.toml")).unwrap();
    let output = gerbang(&elsewhere, &["token"], None);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("profile toko"),
        "{}",
        stderr(&output)
    );
    let output = gerbang(here, &["token"], None);
    assert!(
        stderr(&output).contains("sandbox that runs"),
        "{}",
        stderr(&output)
    );

    // A gateway that does not know the key says what to look at.
    let bank_key = here.join("gerbang-data/keys/bank_private.pem");
    let strange = [
        &add[..2],
        &["strange"],
        &add[3..10],
        &[bank_key.to_str().unwrap()],
    ]
    .concat();
    assert!(gerbang(here, &strange, None).status.success());
    let output = gerbang(here, &["token", "--profile", "strange"], None);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("401") && said.contains(&client_id) && said.contains("sha256:"),
        "{said}"
    );

    // The flag comes before the environment, which comes before the sandbox.
    assert!(!gerbang(here, &["token"], Some("strange")).status.success());
    assert!(
        gerbang(here, &["token", "--profile", "toko"], Some("strange"))
            .status
            .success()
    );
    assert!(
        gerbang(here, &["token", "--data", "gerbang-data"], Some("strange"))
            .status
            .success()
    );
    assert!(
        gerbang(here, &["token", "--profile", "sandbox"], Some("strange"))
            .status
            .success()
    );
    sandbox.stop();
    let output = gerbang(here, &["token", "--profile", "toko"], None);
    assert!(stderr(&output).contains("does http"), "{}", stderr(&output));
}

#[test]
fn profiles_are_listed_chosen_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let key = snap::PrivateKey::generate().unwrap();
    std::fs::write(folder.join("key.pem"), key.to_pkcs8_pem().expose()).unwrap();
    let add = |name: &str, gateway: &str| {
        let args = [
            "profile",
            "add",
            name,
            "--gateway",
            gateway,
            "--client-id",
            "BRN-1",
            "--secret-env",
            "SHOP_SECRET",
            "--private-key-file",
            "key.pem",
        ];
        gerbang(folder, &args, None)
    };
    let output = add("doku", "doku-sandbox");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("SHOP_SECRET is not set"),
        "{}",
        stderr(&output)
    );
    assert!(add("live", "doku-production").status.success());
    let mode = std::fs::metadata(folder.join("profiles.toml"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);

    let list = json(&gerbang(folder, &["profile", "list", "--json"], None));
    assert_eq!(list[0]["gateway"], "https://api-sandbox.doku.com");
    assert_eq!(list[1]["gateway"], "https://api.doku.com");
    assert_eq!(
        (&list[0]["in_use"], &list[1]["in_use"]),
        (&true.into(), &false.into())
    );
    assert!(
        gerbang(folder, &["profile", "use", "live"], None)
            .status
            .success()
    );
    let list = json(&gerbang(folder, &["profile", "list", "--json"], None));
    assert_eq!(list[1]["in_use"], true);

    let shown = gerbang(folder, &["profile", "show", "doku"], None);
    assert_eq!(shown.status.code(), Some(1));
    assert!(
        stdout(&shown).contains("variable SHOP_SECRET"),
        "{}",
        stdout(&shown)
    );
    assert!(
        stderr(&shown).contains("which is not set"),
        "{}",
        stderr(&shown)
    );

    assert!(
        gerbang(folder, &["profile", "remove", "live"], None)
            .status
            .success()
    );
    let output = gerbang(folder, &["token"], None);
    assert!(
        stderr(&output).contains("gerbang sandbox"),
        "{}",
        stderr(&output)
    );
    assert!(
        stderr(&output).contains("gerbang profile"),
        "{}",
        stderr(&output)
    );
    let output = gerbang(folder, &["profile", "use", "live"], None);
    assert!(
        stderr(&output).contains("there are: doku"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_profile_that_could_not_be_used_is_not_added() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("secret"), "s").unwrap();
    std::fs::write(folder.join("key.pem"), "-----BEGIN CERTIFICATE-----").unwrap();
    for (name, gateway, key, why) in [
        ("toko", "http://127.0.0.1:1", "key.pem", "private key"),
        ("toko", "http://127.0.0.1:1", "nothing.pem", "nothing.pem"),
        ("toko/kopi", "http://127.0.0.1:1", "key.pem", "letters"),
        (
            "sandbox",
            "http://127.0.0.1:1",
            "key.pem",
            "running sandbox",
        ),
    ] {
        let args = [
            "profile",
            "add",
            name,
            "--gateway",
            gateway,
            "--client-id",
            "c",
            "--secret-file",
            "secret",
            "--private-key-file",
            key,
        ];
        let output = gerbang(folder, &args, None);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
        assert!(!folder.join("profiles.toml").exists());
    }
    let output = gerbang(
        folder,
        &[
            "profile",
            "add",
            "toko",
            "--gateway",
            "g",
            "--client-id",
            "c",
        ],
        None,
    );
    assert_eq!(output.status.code(), Some(2), "no secret");
}
