//! `gerbang listen`: hears a merchant's notifications on this machine.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use merchant_sdk::notifications::{Paths, Settings};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::cli::ListenArgs;
use crate::listening::forwards::Forwards;
use crate::listening::registration::Registration;
use crate::listening::{Heard, What, endpoint, paths_under, telling};
use crate::management::Management;
use crate::profiles::Profile;
use crate::stopping::Signals;
use crate::{entropy, screen};

/// How long answers that are under way may take when it ends.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Listens until it is stopped, or until what was waited for came.
pub async fn run(args: ListenArgs) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let mut profile = Profile::chosen(&args.profile)?;
    if !args.no_register {
        let instead = "tell DOKU a URL that leads here, and listen with --no-register --port PORT";
        profile.refuse_doku("listen", instead)?;
    }
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await;
    let listener = listener.with_context(|| {
        format!(
            "port {} is taken; choose another, or leave --port away",
            args.port
        )
    })?;
    let address = format!("http://{}", listener.local_addr()?);
    let paths = paths(&args);
    let (tell, mut told) = mpsc::unbounded_channel();
    let settings = Settings {
        token_required: !args.no_register,
        ..settings(&mut profile)?
    };
    let forwards = Forwards::new(
        &args.forward,
        args.forward_config.as_deref(),
        settings.secret.clone(),
    )?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(listener, endpoint(settings, paths.clone(), forwards, tell))
        .with_graceful_shutdown(async { drop(stopped.await) });
    let serving = tokio::spawn(serving.into_future());

    let registration = register(&args, &profile, &address, &paths).await?;
    announce(&profile, &address, &paths, registration.is_some());
    let mut left = Left::of(&args);
    let keeping = async {
        match &registration {
            Some(registration) => registration.keep().await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(keeping);
    let mut over = None;
    while over.is_none() && !left.is_nothing() {
        tokio::select! {
            Some(heard) = told.recv() => left.hear(&args, &heard),
            () = signals.wait() => over = Some(None),
            why = &mut keeping => over = Some(Some(why)),
        }
    }
    let lost = over.flatten();
    if let (Some(registration), None) = (&registration, &lost) {
        registration.end().await;
    }
    let _ = stop.send(());
    drop(tokio::time::timeout(ENDS_WITHIN, serving).await);
    // What came while it ended was answered, so it is told.
    while let Ok(heard) = told.try_recv() {
        left.hear(&args, &heard);
    }
    match lost {
        Some(why) => anyhow::bail!(why),
        None if left.is_missed() => anyhow::bail!("stopped before it came"),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// What is still waited for; nothing where it goes on until it is stopped.
struct Left(Option<u64>);

impl Left {
    fn of(args: &ListenArgs) -> Self {
        let one = args.until.as_ref().map(|_| 1);
        Self(args.count.or(one))
    }

    fn hear(&mut self, args: &ListenArgs, heard: &Heard) {
        if args.print_json {
            telling::tell_json(heard);
        } else {
            telling::tell(heard);
        }
        let What::Verified(told) = &heard.what else {
            return;
        };
        let wanted = args.until.as_ref();
        let wanted = wanted.is_none_or(|pattern| pattern.matches(told.event));
        if wanted && told.is_taken() {
            self.0 = self.0.map(|left| left.saturating_sub(1));
        }
    }

    fn is_nothing(&self) -> bool {
        self.0 == Some(0)
    }

    fn is_missed(&self) -> bool {
        self.0.is_some_and(|left| left > 0)
    }
}

/// A registered endpoint has a path of its own: what the gateway remembers of an earlier one at the same
/// port says nothing about it.
fn paths(args: &ListenArgs) -> Paths {
    if args.no_register {
        paths_under("")
    } else {
        paths_under(&format!("/{}", entropy::reference("listen-")))
    }
}

fn settings(profile: &mut Profile) -> anyhow::Result<Settings> {
    let name = &profile.name;
    let missing = |what: &str, flag: &str| {
        format!(
            "profile {name} does not know the {what}, which verifies notifications; `gerbang profile add {name} …` \
             with {flag} adds it"
        )
    };
    let key = profile.gateway_public_key.take();
    let secret = profile.notification_secret.take();
    Ok(Settings::new(
        &profile.client_id,
        key.with_context(|| missing("gateway's public key", "--gateway-public-key-file"))?,
        secret.with_context(|| missing("notification secret", "--notification-secret-file"))?,
    ))
}

async fn register(
    args: &ListenArgs,
    profile: &Profile,
    address: &str,
    paths: &Paths,
) -> anyhow::Result<Option<Registration>> {
    if args.no_register {
        return Ok(None);
    }
    let base = args.public_url.as_deref().unwrap_or(address);
    let gateway = Management::of_merchant(profile)?;
    let registration = Registration::begin(gateway, base.trim_end_matches('/'), paths).await?;
    Ok(Some(registration))
}

/// On stderr, so that stdout is what came and nothing else.
fn announce(profile: &Profile, address: &str, paths: &Paths, registered: bool) {
    let client_id = &profile.client_id;
    if registered {
        screen::aside(format!(
            "ready: notifications of {client_id} come to {address}; Ctrl-C ends it"
        ));
    } else {
        screen::aside(format!(
            "ready: token URL {address}{}, notification URL {address}{}, of bindings {address}{}; Ctrl-C ends it",
            paths.token, paths.notification, paths.binding_notification
        ));
    }
}
