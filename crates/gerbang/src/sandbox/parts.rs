//! How the parts of a sandbox are configured, and what is told about them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use bank_simulator::{GatewayEndpoint, Partner};
use gateway::App;
use gateway::config::{Bank, Config, Management};
use snap::{Amount, PublicKey, Secret, paths};
use storage::management_keys::KeyScope;
use storage::merchants::Merchant;
use tokio::net::TcpListener;

use super::made_once::{KeyFiles, MadeOnce};
use super::{Addresses, Customer};
use crate::cli::MerchantSettings;
use crate::commands::management_key;
use crate::{files, merchants};

/// The bank's id in the gateway's configuration and paths.
const BANK: &str = "allo";
/// Whose the sandbox's management key is.
const OPERATOR: &str = "sandbox";
/// The demo merchant's name.
const MERCHANT: &str = "Toko Demo";
/// Payments above this ask for an OTP besides the PIN.
const OTP_ABOVE_RUPIAH: u64 = 1_000_000;

/// The gateway's configuration, but for where it listens.
pub fn gateway(folder: &Path, made: &MadeOnce, bank_url: &str) -> anyhow::Result<Config> {
    let keys = KeyFiles::of(folder);
    let bank = Bank {
        base_url: bank_url.to_owned(),
        client_id: made.gateway_id.clone(),
        secret: made.gateway_secret.clone(),
        inbound_client_id: made.bank_id.clone(),
        inbound_secret: made.bank_secret.clone(),
        public_key: files::read_text(&keys.bank_public())?,
        private_key_file: Some(keys.gateway_at_bank_private()),
        channel: snap::messages::CHANNEL.to_owned(),
        acquirer_id: Some("ALLO".to_owned()),
        timeout_ms: 10_000,
        not_found_window_s: 60,
        replays_page: true,
        ca_file: None,
    };
    let database = format!("sqlite:{}", folder.join("gateway.db").display());
    Ok(Config {
        public_url: "http://127.0.0.1:1".to_owned(),
        database: Secret::new(database),
        master_keys: master_keys(&keys)?,
        banks: BTreeMap::from([(BANK.to_owned(), bank)]),
        management: Management { listeners: true },
        sandbox: true,
        ..Config::default()
    })
}

fn master_keys(keys: &KeyFiles) -> anyhow::Result<BTreeMap<String, Secret>> {
    let text = files::read_secret(&keys.master())?;
    let line = text
        .expose()
        .split_once('=')
        .map(|(id, key)| (id.trim(), key.trim().trim_matches('"')));
    let (id, key) = line.with_context(|| format!("{} is damaged", keys.master().display()))?;
    Ok(BTreeMap::from([(id.to_owned(), Secret::new(key))]))
}

/// How the bank simulator is to be.
pub struct BankPlan<'a> {
    /// The data folder.
    pub folder: &'a Path,
    /// What was made once for it.
    pub made: &'a MadeOnce,
    /// Whether the limits on OTPs are lifted.
    pub relaxed_otp: bool,
}

impl BankPlan<'_> {
    /// The bank simulator's configuration.
    pub fn configuration(
        &self,
        listen: TcpListener,
        bank_url: &str,
        gateway_url: &str,
    ) -> anyhow::Result<bank_simulator::Config> {
        let keys = KeyFiles::of(self.folder);
        Ok(bank_simulator::Config {
            listen,
            public_url: bank_url.to_owned(),
            database: self.folder.join("bank.db"),
            partner: Partner {
                client_id: self.made.gateway_id.clone(),
                secret: self.made.gateway_secret.clone(),
                public_key_pem: files::read_text(&keys.gateway_at_bank_public())?,
                name: "Gerbang".to_owned(),
            },
            gateway: Some(GatewayEndpoint {
                token_url: format!(
                    "{gateway_url}{}",
                    paths::INBOUND_TOKEN_B2B.replace("{bank}", BANK)
                ),
                notify_url: format!(
                    "{gateway_url}{}",
                    paths::INBOUND_NOTIFY.replace("{bank}", BANK)
                ),
                client_id: self.made.bank_id.clone(),
                private_key_pem: files::read_secret(&keys.bank_private())?,
                secret: self.made.bank_secret.clone(),
            }),
            relaxed_otp: self.relaxed_otp,
            otp_above: Amount::from_rupiah(OTP_ABOVE_RUPIAH).context("the limit is no amount")?,
            control_secret: None,
        })
    }
}

/// The demo merchant: added on the first start, told its addresses on every start.
pub async fn merchant(
    app: &App,
    folder: &Path,
    made: &mut MadeOnce,
    merchant_url: &str,
) -> anyhow::Result<Merchant> {
    let urls = MerchantSettings {
        notification_url: Some(format!("{merchant_url}{}", paths::NOTIFY)),
        token_url: Some(format!("{merchant_url}{}", paths::BANK_TOKEN_B2B)),
        ..MerchantSettings::default()
    };
    let client_id = match &made.merchant_id {
        Some(client_id) => client_id.clone(),
        None => {
            let key = files::read_text(&KeyFiles::of(folder).merchant_public())?;
            let key = PublicKey::from_pem(&key).context("the demo merchant's key is damaged")?;
            let added = merchants::add(app, MERCHANT, &key, &urls).await?;
            made.merchant_id = Some(added.client_id.clone());
            made.write(folder)?;
            added.client_id
        }
    };
    merchants::change(app, &client_id, |merchant| {
        merchants::apply(&app.notifier, merchant, &urls)
    })
    .await
}

/// The operator's key, made on the first start.
pub async fn management_key(
    app: &App,
    folder: &Path,
    made: &mut MadeOnce,
) -> anyhow::Result<Secret> {
    if let Some(key) = &made.management_key {
        return Ok(key.clone());
    }
    let (_, key) = management_key::add(app, OPERATOR, KeyScope::Operator).await?;
    made.management_key = Some(key.clone());
    made.write(folder)?;
    Ok(key)
}

/// What `sandbox.json` says.
pub fn addresses(
    keys: &KeyFiles,
    gateway_url: &str,
    bank_url: &str,
    merchant: &Merchant,
    management_key: Secret,
) -> anyhow::Result<Addresses> {
    let customers = bank_simulator::demo_customers()
        .iter()
        .map(|customer| Customer {
            name: customer.name.to_owned(),
            phone_no: customer.phone_no.to_owned(),
            pin: Secret::new(customer.pin),
            note: customer.note.to_owned(),
        })
        .collect();
    Ok(Addresses {
        base_url: gateway_url.to_owned(),
        client_id: merchant.id.as_str().to_owned(),
        client_secret: merchant.secret.clone(),
        merchant_private_key: keys.merchant_private(),
        merchant_public_key: keys.merchant_public(),
        gateway_public_key: keys.gateway_public(),
        notification_url: merchant
            .notification_url
            .clone()
            .context("the demo merchant has no URL")?,
        token_url: merchant
            .token_url
            .clone()
            .context("the demo merchant has no token URL")?,
        notification_secret: merchant.inbound_secret.clone(),
        management_key,
        bank_url: bank_url.to_owned(),
        inbox_url: format!("{bank_url}/inbox"),
        customers,
    })
}
