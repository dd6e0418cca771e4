//! Merchants: who may call us, with which secrets, and where they hear from us.

use direct_debit::{Fee, MerchantId};
use serde::{Deserialize, Serialize};
use snap::Secret;

use crate::cipher::Place;
pub use crate::notification_profile::{NotificationProfile, ProfileError};
use crate::record::Record;
use crate::statements::{Sql, statements};
use crate::{Error, Session};

const TABLE: &str = "merchants";
/// As many ids a statement takes that finds something for some merchants.
const AT_ONCE: usize = 16;

statements! { "merchants";
    INSERT = "INSERT INTO merchants (id, name, state, epoch, secret, previous_secret, \
              previous_secret_until, inbound_secret, notification_url, token_url, \
              binding_notification_url, settings, previous_inbound_secret, \
              previous_inbound_secret_until, extra_ca, created_at, version) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1) \
              ON CONFLICT (id) DO NOTHING";
    BY_ID = "SELECT id, name, state, epoch, secret, previous_secret, previous_secret_until, \
             inbound_secret, notification_url, token_url, binding_notification_url, settings, \
             previous_inbound_secret, previous_inbound_secret_until, extra_ca, created_at, version \
             FROM merchants WHERE id = $1";
    SOME = "SELECT id, name, state, epoch, secret, previous_secret, previous_secret_until, \
            inbound_secret, notification_url, token_url, binding_notification_url, settings, \
            previous_inbound_secret, previous_inbound_secret_until, extra_ca, created_at, version \
            FROM merchants WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
            $10, $11, $12, $13, $14, $15, $16)";
    IDS = "SELECT id FROM merchants ORDER BY id";
    ALL = "SELECT id, name, state, epoch, secret, previous_secret, previous_secret_until, \
           inbound_secret, notification_url, token_url, binding_notification_url, settings, \
           previous_inbound_secret, previous_inbound_secret_until, extra_ca, created_at, version \
           FROM merchants ORDER BY created_at, id";
    UPDATE = "UPDATE merchants SET name = $3, state = $4, epoch = $5, secret = $6, \
              previous_secret = $7, previous_secret_until = $8, inbound_secret = $9, \
              notification_url = $10, token_url = $11, binding_notification_url = $12, \
              settings = $13, previous_inbound_secret = $14, \
              previous_inbound_secret_until = $15, extra_ca = $16, version = version + 1 WHERE id = $1 AND version = $2";
}

/// Whether a merchant may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MerchantState {
    /// It may.
    Active,
    /// It is answered as if it did not exist.
    Disabled,
}

impl MerchantState {
    const ALL: [Self; 2] = [Self::Active, Self::Disabled];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// The response code of a successful refund.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundSuccessCode {
    /// The standard's.
    #[default]
    #[serde(rename = "2005800")]
    Standard,
    /// The one in DOKU's samples.
    #[serde(rename = "2000700")]
    Doku,
}

/// Which refunds are notified that are no change of the payment's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotifyRefunds {
    /// None.
    #[default]
    None,
    /// Partial and failed ones too.
    All,
}

/// What a merchant may have its own way. Absent members have their defaults, so that settings
/// written by an older version stay readable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MerchantSettings {
    /// Enforce the documented forms of headers and fields.
    pub strict: bool,
    /// URL schemes other than https to which customers may be sent back.
    pub allowed_url_schemes: Vec<String>,
    /// The response code of a successful refund.
    pub refund_success_code: RefundSuccessCode,
    /// Which refunds are notified.
    pub notify_refunds: NotifyRefunds,
    /// When notifications are tried again.
    pub notification_profile: NotificationProfile,
    /// The flat part of the fee for a payment, in sen.
    pub fee_flat_sen: i64,
    /// The share of a payment that is the fee, in hundredths of a per cent.
    pub fee_basis_points: i64,
    /// Signed requests a second; nothing means the gateway's default.
    pub requests_per_second: Option<u32>,
}

impl MerchantSettings {
    /// The fee for a payment.
    pub fn fee(&self) -> Fee {
        Fee {
            flat_sen: self.fee_flat_sen,
            basis_points: self.fee_basis_points,
        }
    }
}

/// The secret that a rotation replaced, and until when it is still accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousSecret {
    /// The secret.
    pub secret: Secret,
    /// Until when, in Unix milliseconds.
    pub until_ms: i64,
}

/// One merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// The client id: SNAP's `X-PARTNER-ID` and `X-CLIENT-KEY`.
    pub id: MerchantId,
    /// The name that customers see.
    pub name: String,
    /// Whether it may call.
    pub state: MerchantState,
    /// Tokens of an earlier epoch are dead.
    pub epoch: i64,
    /// Signs what the merchant sends.
    pub secret: Secret,
    /// The secret before, while it is rotated.
    pub previous_secret: Option<PreviousSecret>,
    /// Signs what we send to the merchant.
    pub inbound_secret: Secret,
    /// The one before, tried again while the merchant may not know the new one yet.
    pub previous_inbound_secret: Option<PreviousSecret>,
    /// Where it hears of payments.
    pub notification_url: Option<String>,
    /// Where we fetch a token before that.
    pub token_url: Option<String>,
    /// Where it hears of bindings.
    pub binding_notification_url: Option<String>,
    /// A certificate authority that its URLs are trusted by beside the machine's own, as PEM.
    pub extra_ca: Option<String>,
    /// What it has its own way.
    pub settings: MerchantSettings,
    /// When it was added, in Unix milliseconds.
    pub created_at_ms: i64,
    /// Grows by one with every stored change; 1 at first.
    pub version: i64,
}

/// Adds a merchant; false when the id is taken.
pub async fn insert(s: &Session, merchant: &Merchant) -> Result<bool, Error> {
    let mut values = vec![merchant.id.as_str().into()];
    values.extend(changeable(s, merchant)?);
    values.push(merchant.created_at_ms.into());
    Ok(s.execute(INSERT, &values).await? == 1)
}

/// The merchant with this id.
pub async fn by_id(s: &Session, id: &MerchantId) -> Result<Option<Merchant>, Error> {
    let row = s.fetch_optional(BY_ID, &[id.as_str().into()]).await?;
    row.map(|row| merchant(s, &row)).transpose()
}

/// Those of these merchants that there are, in no order.
pub async fn some(s: &Session, ids: &[MerchantId]) -> Result<Vec<Merchant>, Error> {
    let rows = rows_of(s, SOME, ids).await?;
    rows.iter().map(|row| merchant(s, row)).collect()
}

/// What a statement finds for these merchants; it takes [`AT_ONCE`] ids.
pub(crate) async fn rows_of(
    s: &Session,
    sql: Sql,
    ids: &[MerchantId],
) -> Result<Vec<Record>, Error> {
    let mut rows = Vec::with_capacity(ids.len());
    for group in ids.chunks(AT_ONCE) {
        // What is left of the last group is filled up with its first.
        let rest = std::iter::repeat(group.first()).flatten();
        let ids = group.iter().chain(rest).take(AT_ONCE);
        let values: Vec<crate::Value> = ids.map(|id| id.as_str().into()).collect();
        rows.extend(s.fetch_all(sql, &values).await?);
    }
    Ok(rows)
}

/// All merchants, oldest first.
pub async fn all(s: &Session) -> Result<Vec<Merchant>, Error> {
    s.fetch_all(ALL, &[])
        .await?
        .iter()
        .map(|row| merchant(s, row))
        .collect()
}

/// The ids of all merchants, for what must not open their secrets.
pub async fn ids(s: &Session) -> Result<Vec<MerchantId>, Error> {
    let rows = s.fetch_all(IDS, &[]).await?;
    rows.iter()
        .map(|row| Ok(MerchantId::new(row.text("id")?)))
        .collect()
}

/// Stores a changed merchant where nobody else changed it since it was read.
pub async fn update(s: &Session, merchant: &Merchant) -> Result<(), Error> {
    let mut values = vec![merchant.id.as_str().into(), merchant.version.into()];
    values.extend(changeable(s, merchant)?);
    let rows = s.execute(UPDATE, &values).await?;
    s.demand_one(rows, TABLE, &merchant.id).await
}

/// Everything but id, time and version, in the order of the statements.
fn changeable(s: &Session, merchant: &Merchant) -> Result<Vec<crate::Value>, Error> {
    let id = merchant.id.as_str();
    let previous = merchant.previous_secret.as_ref();
    let previous_inbound = merchant.previous_inbound_secret.as_ref();
    let sealed = |column, previous: Option<&PreviousSecret>| {
        previous
            .map(|previous| s.seal(place(id, column), previous.secret.expose()))
            .transpose()
    };
    let settings = serde_json::to_string(&merchant.settings).map_err(|error| {
        Error::corrupt(TABLE, id, format!("settings cannot be written: {error}"))
    })?;
    Ok(vec![
        (&merchant.name).into(),
        merchant.state.as_str().into(),
        merchant.epoch.into(),
        s.seal(place(id, "secret"), merchant.secret.expose())?
            .into(),
        sealed("previous_secret", previous)?.into(),
        previous.map(|previous| previous.until_ms).into(),
        s.seal(
            place(id, "inbound_secret"),
            merchant.inbound_secret.expose(),
        )?
        .into(),
        (&merchant.notification_url).into(),
        (&merchant.token_url).into(),
        (&merchant.binding_notification_url).into(),
        settings.into(),
        sealed("previous_inbound_secret", previous_inbound)?.into(),
        previous_inbound.map(|previous| previous.until_ms).into(),
        (&merchant.extra_ca).into(),
    ])
}

fn merchant(s: &Session, row: &Record) -> Result<Merchant, Error> {
    let id = row.text("id")?;
    let state = row.named(
        "state",
        MerchantState::ALL,
        MerchantState::as_str,
        TABLE,
        &id,
    )?;
    let settings = serde_json::from_str(&row.text("settings")?)
        .map_err(|error| Error::corrupt(TABLE, &id, format!("settings: {error}")))?;
    Ok(Merchant {
        name: row.text("name")?,
        state,
        epoch: row.int("epoch")?,
        secret: s.unseal(place(&id, "secret"), &row.text("secret")?)?,
        previous_secret: previous(s, row, &id, "previous_secret", "previous_secret_until")?,
        previous_inbound_secret: previous(
            s,
            row,
            &id,
            "previous_inbound_secret",
            "previous_inbound_secret_until",
        )?,
        extra_ca: row.opt_text("extra_ca")?,
        inbound_secret: s.unseal(place(&id, "inbound_secret"), &row.text("inbound_secret")?)?,
        notification_url: row.opt_text("notification_url")?,
        token_url: row.opt_text("token_url")?,
        binding_notification_url: row.opt_text("binding_notification_url")?,
        settings,
        created_at_ms: row.int("created_at")?,
        version: row.int("version")?,
        id: MerchantId::new(id),
    })
}

/// A secret that was replaced, and until when it counts.
fn previous(
    s: &Session,
    row: &Record,
    id: &str,
    column: &'static str,
    until: &str,
) -> Result<Option<PreviousSecret>, Error> {
    match (row.opt_text(column)?, row.opt_int(until)?) {
        (None, None) => Ok(None),
        (Some(stored), Some(until_ms)) => Ok(Some(PreviousSecret {
            secret: s.unseal(place(id, column), &stored)?,
            until_ms,
        })),
        _ => Err(Error::corrupt(TABLE, id, "half a previous secret")),
    }
}

fn place<'a>(id: &'a str, column: &'static str) -> Place<'a> {
    Place {
        table: TABLE,
        row: id,
        column,
    }
}
