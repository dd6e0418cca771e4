//! Merchants, as an operator changes them: straight in the gateway's database.
//!
//! A running gateway sees a change within five seconds. Secrets are shown when they are made and
//! never again.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use direct_debit::MerchantId;
use gateway::App;
use gateway::notify::Notifier;
use gateway::notify::policy::Policy;
use snap::{PublicKey, Secret};
use storage::merchant_keys::{self, MerchantKey, MerchantKeyState};
use storage::merchants::{
    self, Merchant, MerchantState, NotifyRefunds, PreviousSecret, RefundSuccessCode,
};

use crate::cli::MerchantSettings;
use crate::{entropy, files};

/// How long a replaced secret is still accepted.
const OLD_SECRET_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long notifications are signed with a replaced secret where the new one is refused.
const OLD_NOTIFICATION_SECRET_MS: i64 = 7 * OLD_SECRET_MS;
/// No bundle of certificates is longer.
const LONGEST_CA: usize = 64 * 1024;

/// What a merchant needs to call the gateway.
pub struct Credentials {
    /// The client id.
    pub client_id: String,
    /// The secret that it signs with.
    pub client_secret: Secret,
    /// The secret that the gateway signs notifications with.
    pub notification_secret: Secret,
}

/// Adds a merchant with its first public key.
pub async fn add(
    app: &App,
    name: &str,
    public_key: &PublicKey,
    settings: &MerchantSettings,
) -> anyhow::Result<Credentials> {
    check_name(name)?;
    let created_at_ms = app.clock.business_now_ms();
    let mut merchant = Merchant {
        id: MerchantId::new(entropy::client_id()),
        name: name.to_owned(),
        state: MerchantState::Active,
        epoch: 0,
        secret: entropy::secret("SK-"),
        previous_secret: None,
        inbound_secret: entropy::secret("NS-"),
        notification_url: None,
        token_url: None,
        binding_notification_url: None,
        previous_inbound_secret: None,
        extra_ca: None,
        settings: storage::merchants::MerchantSettings::default(),
        created_at_ms,
        version: 1,
    };
    apply(&app.notifier, &mut merchant, settings)?;
    let key = key_of(public_key, created_at_ms);
    let added = app
        .store
        .transact("add merchant", |session| {
            let (merchant, key) = (merchant.clone(), key.clone());
            async move {
                let added = merchants::insert(&session, &merchant).await?
                    && merchant_keys::insert(&session, &merchant.id, &key).await?;
                Ok::<bool, storage::Error>(added)
            }
        })
        .await?;
    ensure!(added, "the new client id is taken already; try again");
    Ok(Credentials {
        client_id: merchant.id.as_str().to_owned(),
        client_secret: merchant.secret,
        notification_secret: merchant.inbound_secret,
    })
}

/// All merchants.
pub async fn list(app: &App) -> anyhow::Result<Vec<Merchant>> {
    Ok(merchants::all(&app.store.reader()).await?)
}

/// One merchant and its keys.
pub async fn show(app: &App, client_id: &str) -> anyhow::Result<(Merchant, Vec<MerchantKey>)> {
    let reader = app.store.reader();
    let id = MerchantId::new(client_id);
    let merchant = merchants::by_id(&reader, &id)
        .await?
        .with_context(|| unknown(client_id))?;
    let keys = merchant_keys::of_merchant(&reader, &id).await?;
    Ok((merchant, keys))
}

/// Changes a merchant; what `change` leaves alone stays.
pub async fn change<F>(app: &App, client_id: &str, change: F) -> anyhow::Result<Merchant>
where
    F: Fn(&mut Merchant) -> anyhow::Result<()>,
{
    let id = MerchantId::new(client_id);
    let merchant = app
        .store
        .transact("change merchant", |session| {
            let (id, change) = (id.clone(), &change);
            async move {
                let Some(mut merchant) = merchants::by_id(&session, &id).await? else {
                    return Ok(None);
                };
                if let Err(refused) = change(&mut merchant) {
                    return Ok(Some(Err(refused)));
                }
                merchants::update(&session, &merchant).await?;
                Ok::<_, storage::Error>(Some(Ok(merchant)))
            }
        })
        .await?;
    match merchant {
        Some(changed) => changed,
        None => bail!(unknown(client_id)),
    }
}

/// Adds a public key. The earlier ones stay good.
pub async fn add_key(app: &App, client_id: &str, public_key: &PublicKey) -> anyhow::Result<()> {
    let (merchant, _) = show(app, client_id).await?;
    let key = key_of(public_key, app.clock.business_now_ms());
    let added = app
        .store
        .transact("add merchant key", |session| {
            let (id, key) = (merchant.id.clone(), key.clone());
            async move { merchant_keys::insert(&session, &id, &key).await }
        })
        .await?;
    ensure!(added, "{client_id} has this key already");
    Ok(())
}

/// Makes a new secret the merchant's; the old one stays good for a day unless it is revoked.
pub fn rotate_secret(merchant: &mut Merchant, revoke: bool, now_ms: i64) {
    let old = std::mem::replace(&mut merchant.secret, entropy::secret("SK-"));
    merchant.previous_secret = (!revoke).then(|| PreviousSecret {
        secret: old,
        until_ms: now_ms + OLD_SECRET_MS,
    });
    if revoke {
        merchant.epoch += 1;
    }
}

/// Accepts a public key no more. The last one stays: without any, the merchant could not call at all.
pub async fn remove_key(app: &App, client_id: &str, fingerprint: &str) -> anyhow::Result<()> {
    let (merchant, keys) = show(app, client_id).await?;
    let active = |key: &&MerchantKey| key.state == MerchantKeyState::Active;
    ensure!(
        keys.iter()
            .filter(active)
            .any(|key| key.key_id == fingerprint),
        "{client_id} has no key {fingerprint}; `gerbang merchant show {client_id}` shows them"
    );
    ensure!(
        keys.iter().filter(active).count() > 1,
        "it is the only key of {client_id}; add another one first, or use `gerbang merchant disable`"
    );
    let retire = |session| {
        let id = merchant.id.clone();
        async move {
            let state = MerchantKeyState::Retired;
            merchant_keys::set_state(&session, &id, fingerprint, state).await
        }
    };
    app.store.transact("remove merchant key", retire).await?;
    Ok(())
}

/// Makes a new notification secret the merchant's; the old one still signs for those who refuse the new
/// one, unless it is revoked.
pub fn rotate_notification_secret(merchant: &mut Merchant, revoke: bool, now_ms: i64) {
    let old = std::mem::replace(&mut merchant.inbound_secret, entropy::secret("NS-"));
    merchant.previous_inbound_secret = (!revoke).then(|| PreviousSecret {
        secret: old,
        until_ms: now_ms + OLD_NOTIFICATION_SECRET_MS,
    });
}

/// Ends a merchant's calls and tokens.
pub fn disable(merchant: &mut Merchant) {
    if merchant.state == MerchantState::Active {
        merchant.state = MerchantState::Disabled;
        merchant.epoch += 1;
    }
}

/// Changes what is given; an empty URL takes one away.
pub fn apply(
    notifier: &Notifier,
    merchant: &mut Merchant,
    given: &MerchantSettings,
) -> anyhow::Result<()> {
    let urls = [
        (
            &given.notification_url,
            "--notification-url",
            &mut merchant.notification_url,
        ),
        (&given.token_url, "--token-url", &mut merchant.token_url),
        (
            &given.binding_notification_url,
            "--binding-notification-url",
            &mut merchant.binding_notification_url,
        ),
    ];
    for (url, flag, stored) in urls {
        if let Some(url) = url {
            *stored = web_address(notifier.policy(), flag, url)?;
        }
    }
    if let Some(file) = &given.ca_file {
        merchant.extra_ca = authority(notifier, file)?;
    }
    apply_settings(&mut merchant.settings, given);
    Ok(())
}

fn apply_settings(settings: &mut storage::merchants::MerchantSettings, given: &MerchantSettings) {
    if let Some(strict) = given.strict {
        settings.strict = strict;
    }
    if let Some(all) = given.notify_all_refunds {
        settings.notify_refunds = if all {
            NotifyRefunds::All
        } else {
            NotifyRefunds::None
        };
    }
    if let Some(doku) = given.doku_refund_code {
        settings.refund_success_code = if doku {
            RefundSuccessCode::Doku
        } else {
            RefundSuccessCode::Standard
        };
    }
    if let Some(schedule) = &given.schedule {
        settings.notification_profile.clone_from(schedule);
    }
    if let Some(rupiah) = given.fee_flat {
        settings.fee_flat_sen = i64::from(rupiah) * 100;
    }
    if let Some(points) = given.fee_basis_points {
        settings.fee_basis_points = i64::from(points);
    }
    if let Some(rate) = given.requests_per_second {
        settings.requests_per_second = (rate > 0).then_some(rate);
    }
    if !given.url_schemes.is_empty() {
        settings.allowed_url_schemes.clone_from(&given.url_schemes);
    }
}

/// Changes the name.
pub fn rename(merchant: &mut Merchant, name: &str) -> anyhow::Result<()> {
    check_name(name)?;
    name.clone_into(&mut merchant.name);
    Ok(())
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let fits = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    ensure!(fits, "--name is 1 to 64 characters that can be shown");
    Ok(())
}

/// A URL that the gateway would send to, as far as that can be told without looking its host up.
fn web_address(policy: &Policy, flag: &str, text: &str) -> anyhow::Result<Option<String>> {
    if text.is_empty() {
        return Ok(None);
    }
    policy.check(text).with_context(|| {
        format!(
            "{flag} {text} cannot be used; it must be https to a public address, unless \
             notifications.allowed_hosts or notifications.allowed_networks permits another"
        )
    })?;
    Ok(Some(text.to_owned()))
}

fn authority(notifier: &Notifier, file: &Path) -> anyhow::Result<Option<String>> {
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let pem = files::read_text(file)?;
    let name = file.display();
    ensure!(
        pem.len() <= LONGEST_CA,
        "--ca-file {name} is longer than 64 KiB"
    );
    ensure!(
        !pem.contains("PRIVATE KEY"),
        "--ca-file {name} holds a private key; give the certificate alone"
    );
    notifier
        .check_authority(&pem)
        .map_err(|why| anyhow::anyhow!("--ca-file {name} is no certificate authority: {why}"))?;
    Ok(Some(pem))
}

fn key_of(public_key: &PublicKey, created_at_ms: i64) -> MerchantKey {
    MerchantKey {
        key_id: public_key.fingerprint(),
        public_key: public_key.to_pem(),
        state: MerchantKeyState::Active,
        created_at_ms,
    }
}

fn unknown(client_id: &str) -> String {
    format!("there is no merchant {client_id}; `gerbang merchant list` shows them all")
}
