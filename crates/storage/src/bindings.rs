//! Bindings. Two unique indexes decide who gets a customer and who gets an account.

mod row;

use direct_debit::{Binding, BindingId, MerchantId};
use snap::Secret;

use crate::history::{self, Event, Noun};
use crate::statements::statements;
use crate::{AFTER_ALL_IDS, Error, Lease, Session, Value};
use row::{TABLE, changeable, columns, place, read, read_all};

statements! { "bindings";
    INSERT = "INSERT INTO bindings (merchant_id, id, version, bank_reference_no, bank_page, \
              account_id, account_masked, bank_link, state, end_cause, failure, failure_code, \
              failure_message, settle_at, bank, cust_id_merchant, channel, phone, phone_hash, \
              reference_no, external_id, success_url, failed_url, created_at, expires_at, \
              page_hash, state_hash, auth_code_hash, lease_until, lease_owner) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
              $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, 0, '')";
    UPDATE = "UPDATE bindings SET version = version + 1, bank_reference_no = $4, bank_page = $5, \
              account_id = $6, account_masked = $7, bank_link = $8, state = $9, end_cause = $10, \
              failure = $11, failure_code = $12, failure_message = $13, settle_at = $14, \
              lease_until = 0, lease_owner = '' \
              WHERE merchant_id = $1 AND id = $2 AND version = $3";
    TOUCH = "UPDATE bindings SET version = version + 1 \
             WHERE merchant_id = $1 AND id = $2 AND state = $3";
    BY_ID = concat!("SELECT ", columns!(), " FROM bindings WHERE merchant_id = $1 AND id = $2");
    BY_PAGE = concat!("SELECT ", columns!(), " FROM bindings WHERE page_hash = $1");
    BY_STATE = concat!("SELECT ", columns!(), " FROM bindings WHERE state_hash = $1");
    BY_AUTH_CODE = concat!("SELECT ", columns!(), " FROM bindings \
                   WHERE merchant_id = $1 AND auth_code_hash = $2");
    BY_EXTERNAL_ID = concat!("SELECT ", columns!(), " FROM bindings \
                     WHERE merchant_id = $1 AND external_id = $2 ORDER BY created_at DESC LIMIT 1");
    ACTIVE_OF_CUSTOMER = concat!("SELECT ", columns!(), " FROM bindings \
                       WHERE merchant_id = $1 AND cust_id_merchant = $2 AND channel = $3 \
                       AND state = 'active'");
    UNFINISHED_OF_CUSTOMER = concat!("SELECT ", columns!(), " FROM bindings \
                             WHERE merchant_id = $1 AND cust_id_merchant = $2 AND channel = $3 \
                             AND state IN ('created', 'awaiting customer', 'unknown') ORDER BY id");
    STARTED_SINCE = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM bindings \
                     WHERE merchant_id = $1 AND phone_hash = $2 AND created_at > $3";
    NEWEST = concat!("SELECT ", columns!(), " FROM bindings \
             WHERE merchant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    USE_STATE = "UPDATE bindings SET state_used_at = $3 \
                 WHERE merchant_id = $1 AND id = $2 AND state_used_at IS NULL";
    TOKENS = "SELECT bank_access_token, bank_refresh_token, bank_token_expires_at FROM bindings \
              WHERE merchant_id = $1 AND id = $2";
    SET_TOKENS = "UPDATE bindings SET bank_access_token = $3, bank_refresh_token = $4, \
                  bank_token_expires_at = $5 WHERE merchant_id = $1 AND id = $2 \
                  AND state IN ('active', 'ending')";
    FORGET_TOKENS = "UPDATE bindings SET bank_access_token = NULL, bank_refresh_token = NULL, \
                     bank_token_expires_at = NULL WHERE merchant_id = $1 AND id = $2";
    CLAIM_DUE = concat!("UPDATE bindings SET lease_until = $2, lease_owner = $3 \
                WHERE (merchant_id, id) IN (SELECT merchant_id, id FROM bindings \
                 WHERE settle_at <= $1 AND lease_until <= $1 ORDER BY settle_at LIMIT $4) \
                AND settle_at <= $1 AND lease_until <= $1 RETURNING ", columns!());
    POSTPONE = "UPDATE bindings SET settle_at = $4, lease_until = 0, lease_owner = '' \
                WHERE merchant_id = $1 AND id = $2 AND lease_owner = $3 AND settle_at IS NOT NULL";
    HASTEN = "UPDATE bindings SET settle_at = $3, lease_until = 0, lease_owner = '' \
              WHERE merchant_id = $1 AND id = $2 AND settle_at > $3";
    IS_DUE = "SELECT id FROM bindings WHERE settle_at <= $1 AND lease_until <= $1 LIMIT 1";
}

/// What a binding is found by that nobody may read in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    /// Of its page's id.
    pub page: String,
    /// Of the `state` that the bank's browser brings back.
    pub state: String,
    /// Of its authCode.
    pub auth_code: String,
    /// Of the phone number, keyed.
    pub phone: String,
}

/// The bank's tokens for the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankTokens {
    /// The token.
    pub access: Secret,
    /// What it is renewed with.
    pub refresh: Option<Secret>,
    /// Until when it is good, in Unix milliseconds.
    pub expires_at_ms: i64,
}

/// Writes a new binding, to be settled at `due_ms` if nothing else happens.
pub async fn insert(
    s: &Session,
    binding: &Binding,
    hashes: &Hashes,
    due_ms: i64,
) -> Result<(), Error> {
    let id = binding.id.as_str();
    let mut values = changeable(binding, Some(due_ms));
    values.extend([
        (&binding.bank).into(),
        (&binding.cust_id_merchant).into(),
        (&binding.channel).into(),
        s.seal(place(id, "phone"), &binding.phone_no)?.into(),
        (&hashes.phone).into(),
        (&binding.reference_no).into(),
        (&binding.external_id).into(),
        (&binding.success_url).into(),
        (&binding.failed_url).into(),
        binding.created_at_ms.into(),
        binding.expires_at_ms.into(),
        (&hashes.page).into(),
        (&hashes.state).into(),
        (&hashes.auth_code).into(),
    ]);
    s.execute(INSERT, &values).await?;
    remember(
        s,
        binding,
        binding.version,
        "requested",
        binding.created_at_ms,
    )
    .await
}

/// Stores a changed binding where nobody else changed it since it was read, to be settled at
/// `due_ms`, if at all. The stored version is one more than the given one.
pub async fn update(
    s: &Session,
    binding: &Binding,
    due_ms: Option<i64>,
    cause: &str,
    now_ms: i64,
) -> Result<(), Error> {
    let rows = s.execute(UPDATE, &changeable(binding, due_ms)).await?;
    s.demand_one(rows, TABLE, &binding.id).await?;
    if !row::is_live(binding) {
        forget_bank_tokens(s, binding).await?;
    }
    remember(s, binding, binding.version.saturating_add(1), cause, now_ms).await
}

/// Stores a binding that became active, with the bank's tokens. False, and nothing is stored, when
/// the customer or the account has an active binding already.
pub async fn activate(
    s: &Session,
    binding: &Binding,
    tokens: &BankTokens,
    cause: &str,
    now_ms: i64,
) -> Result<bool, Error> {
    let Some(rows) = s
        .execute_unless_taken(UPDATE, &changeable(binding, None))
        .await?
    else {
        return Ok(false);
    };
    s.demand_one(rows, TABLE, &binding.id).await?;
    set_bank_tokens(s, &binding.merchant, &binding.id, tokens).await?;
    remember(s, binding, binding.version.saturating_add(1), cause, now_ms).await?;
    Ok(true)
}

/// Demands that a binding is still active when this transaction commits, and that whoever ends it
/// at the same moment meets what this transaction did.
pub async fn touch_active(s: &Session, binding: &Binding) -> Result<(), Error> {
    // A parameter, so that no index of the active ones alone looks shorter than the primary key.
    let mut values = key(&binding.merchant, &binding.id).to_vec();
    values.push("active".into());
    let rows = s.execute(TOUCH, &values).await?;
    s.demand_one(rows, TABLE, &binding.id).await
}

/// The binding with this id.
pub async fn by_id(
    s: &Session,
    merchant: &MerchantId,
    id: &BindingId,
) -> Result<Option<Binding>, Error> {
    one(s, BY_ID, &key(merchant, id)).await
}

/// The binding with this page.
pub async fn by_page(s: &Session, hash: &str) -> Result<Option<Binding>, Error> {
    one(s, BY_PAGE, &[hash.into()]).await
}

/// The binding with this `state`.
pub async fn by_state(s: &Session, hash: &str) -> Result<Option<Binding>, Error> {
    one(s, BY_STATE, &[hash.into()]).await
}

/// The binding with this authCode.
pub async fn by_auth_code(
    s: &Session,
    merchant: &MerchantId,
    hash: &str,
) -> Result<Option<Binding>, Error> {
    one(s, BY_AUTH_CODE, &[merchant.as_str().into(), hash.into()]).await
}

/// The newest binding that was asked for under this `X-EXTERNAL-ID`.
pub async fn by_external_id(
    s: &Session,
    merchant: &MerchantId,
    external_id: &str,
) -> Result<Option<Binding>, Error> {
    one(
        s,
        BY_EXTERNAL_ID,
        &[merchant.as_str().into(), external_id.into()],
    )
    .await
}

/// The customer's active binding on a channel.
pub async fn active_of_customer(
    s: &Session,
    merchant: &MerchantId,
    cust_id_merchant: &str,
    channel: &str,
) -> Result<Option<Binding>, Error> {
    let values = [
        merchant.as_str().into(),
        cust_id_merchant.into(),
        channel.into(),
    ];
    one(s, ACTIVE_OF_CUSTOMER, &values).await
}

/// The customer's bindings on a channel that have neither been linked nor failed, oldest first.
pub async fn unfinished_of_customer(
    s: &Session,
    merchant: &MerchantId,
    cust_id_merchant: &str,
    channel: &str,
) -> Result<Vec<Binding>, Error> {
    let values = [
        merchant.as_str().into(),
        cust_id_merchant.into(),
        channel.into(),
    ];
    read_all(s, s.fetch_all(UNFINISHED_OF_CUSTOMER, &values).await?)
}

/// How many bindings were started for a phone number after a time.
pub async fn started_since(
    s: &Session,
    merchant: &MerchantId,
    phone_hash: &str,
    since_ms: i64,
) -> Result<i64, Error> {
    let values = [merchant.as_str().into(), phone_hash.into(), since_ms.into()];
    s.fetch_one(STARTED_SINCE, &values).await?.int("n")
}

/// A merchant's bindings, newest first; to go on, give the last id.
pub async fn newest(
    s: &Session,
    merchant: &MerchantId,
    before: Option<&BindingId>,
    limit: i64,
) -> Result<Vec<Binding>, Error> {
    let before = before.map_or(AFTER_ALL_IDS, BindingId::as_str);
    read_all(
        s,
        s.fetch_all(
            NEWEST,
            &[merchant.as_str().into(), before.into(), limit.into()],
        )
        .await?,
    )
}

/// Notes that the browser came back; true the first time.
pub async fn use_state(
    s: &Session,
    merchant: &MerchantId,
    id: &BindingId,
    now_ms: i64,
) -> Result<bool, Error> {
    let values = [merchant.as_str().into(), id.as_str().into(), now_ms.into()];
    Ok(s.execute(USE_STATE, &values).await? == 1)
}

/// The bank's tokens for a binding, while it is live.
pub async fn bank_tokens(s: &Session, binding: &Binding) -> Result<Option<BankTokens>, Error> {
    let id = binding.id.as_str();
    let Some(row) = s
        .fetch_optional(TOKENS, &key(&binding.merchant, &binding.id))
        .await?
    else {
        return Ok(None);
    };
    let access = row.opt_text("bank_access_token")?;
    let (Some(access), Some(expires_at_ms)) = (access, row.opt_int("bank_token_expires_at")?)
    else {
        return Ok(None);
    };
    let refresh = row.opt_text("bank_refresh_token")?;
    Ok(Some(BankTokens {
        access: s.unseal(place(id, "bank_access_token"), &access)?,
        refresh: refresh
            .map(|stored| s.unseal(place(id, "bank_refresh_token"), &stored))
            .transpose()?,
        expires_at_ms,
    }))
}

/// Stores new tokens of the bank, unless the binding has ended meanwhile.
pub async fn set_bank_tokens(
    s: &Session,
    merchant: &MerchantId,
    id: &BindingId,
    tokens: &BankTokens,
) -> Result<(), Error> {
    let access = s.seal(
        place(id.as_str(), "bank_access_token"),
        tokens.access.expose(),
    )?;
    let seal_refresh =
        |token: &Secret| s.seal(place(id.as_str(), "bank_refresh_token"), token.expose());
    let refresh = tokens.refresh.as_ref().map(seal_refresh).transpose()?;
    let mut values = key(merchant, id).to_vec();
    values.extend([access.into(), refresh.into(), tokens.expires_at_ms.into()]);
    s.execute(SET_TOKENS, &values).await.map(drop)
}

async fn forget_bank_tokens(s: &Session, binding: &Binding) -> Result<(), Error> {
    let values = key(&binding.merchant, &binding.id);
    s.execute(FORGET_TOKENS, &values).await.map(drop)
}

/// Takes at most `limit` bindings that are to be settled and that nobody else is settling.
pub async fn claim_due(s: &Session, lease: &Lease, limit: i64) -> Result<Vec<Binding>, Error> {
    read_all(s, s.fetch_all(CLAIM_DUE, &lease.values(limit)).await?)
}

/// Puts a claimed binding off, unless somebody has hastened it or taken it over since.
pub async fn postpone(
    s: &Session,
    merchant: &MerchantId,
    id: &BindingId,
    owner: &str,
    due_ms: i64,
) -> Result<(), Error> {
    let values = [
        merchant.as_str().into(),
        id.as_str().into(),
        owner.into(),
        due_ms.into(),
    ];
    s.execute(POSTPONE, &values).await.map(drop)
}

/// Has a binding that is to be settled settled sooner.
pub async fn hasten(
    s: &Session,
    merchant: &MerchantId,
    id: &BindingId,
    due_ms: i64,
) -> Result<(), Error> {
    let values = [merchant.as_str().into(), id.as_str().into(), due_ms.into()];
    s.execute(HASTEN, &values).await.map(drop)
}

/// Whether a binding is to be settled by this time, in Unix milliseconds, and nobody is settling it.
pub async fn is_due(s: &Session, now_ms: i64) -> Result<bool, Error> {
    Ok(s.fetch_optional(IS_DUE, &[now_ms.into()]).await?.is_some())
}

async fn one(s: &Session, sql: crate::Sql, values: &[Value]) -> Result<Option<Binding>, Error> {
    s.fetch_optional(sql, values)
        .await?
        .map(|row| read(s, &row))
        .transpose()
}

async fn remember(
    s: &Session,
    binding: &Binding,
    version: i64,
    cause: &str,
    at_ms: i64,
) -> Result<(), Error> {
    let state = binding.state.name().as_str().to_owned();
    let event = Event {
        noun: Noun::Binding,
        version,
        at_ms,
        state,
        cause: cause.to_owned(),
    };
    history::insert(s, &binding.merchant, binding.id.as_str(), &event).await
}

fn key(merchant: &MerchantId, id: &BindingId) -> [Value; 2] {
    [merchant.as_str().into(), id.as_str().into()]
}
