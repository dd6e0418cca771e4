//! `gerbang token`: fetches a B2B token, which shows that the client id and the key are right. The token
//! itself is not printed; it goes into a file.

use std::process::ExitCode;

use serde_json::json;
use snap::mistakes::shortened;

use crate::cli::TokenArgs;
use crate::profiles::Profile;
use crate::{files, screen};

/// Fetches it.
pub async fn run(args: TokenArgs) -> anyhow::Result<ExitCode> {
    let profile = Profile::chosen(&args.profile)?;
    let token = profile.client().b2b_token().await;
    let token = token.map_err(|error| profile.explain(error))?;
    if let Some(file) = &args.to {
        files::write_private(file, token.expose().as_bytes())?;
    }
    if args.json {
        screen::json(&json!({
            "profile": profile.name,
            "gateway": profile.base_url,
            "client_id": profile.client_id,
            "token": shortened(token.expose()),
            "file": args.to,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    screen::good(format!("{} gave a B2B token", profile.base_url));
    screen::value("client id", &profile.client_id);
    screen::value(
        "signed with the key",
        format!("sha256:{}", profile.key_fingerprint),
    );
    screen::value("token", shortened(token.expose()));
    match &args.to {
        Some(file) => screen::value("written into", file.display()),
        None => {
            screen::note("other commands fetch their own; --to FILE keeps it for `gerbang sign`")
        }
    }
    Ok(ExitCode::SUCCESS)
}
