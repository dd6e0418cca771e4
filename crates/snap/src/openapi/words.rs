//! What members and cases mean, in words. The same name means the same thing in every message.

use crate::Case;

/// What a member is; `None` for a name without words, which a test misses.
pub fn member(name: &str) -> Option<&'static str> {
    let found = MEMBERS
        .binary_search_by_key(&name, |(known, _)| known)
        .ok()?;
    MEMBERS.get(found).map(|(_, words)| *words)
}

/// Sorted by name.
const MEMBERS: &[(&str, &str)] = &[
    ("accessToken", "The token."),
    ("accessTokenExpiryTime", "Until when the token is good."),
    ("accountInfos", "One entry for each kind of money."),
    (
        "accountStatus",
        "PENDING: the customer has still to finish.",
    ),
    ("accountType", "DIRECT_DEBIT."),
    ("acquirerId", "The bank."),
    ("additionalInfo", "The rest."),
    ("address", "The customer's address."),
    ("amount", "How much."),
    (
        "approvalCode",
        "Your own reference of the receipt; not read.",
    ),
    (
        "authCode",
        "Exchanged for customer tokens once the customer has finished, for as long as the binding lives.",
    ),
    ("availableBalance", "What can be spent."),
    ("balanceType", "BALANCE, POINT or PAYLATER."),
    ("channel", "The channel."),
    (
        "channelId",
        "Where the customer is: app or web. In a notification, the channel.",
    ),
    ("chargeToken", "Of no meaning for this channel."),
    ("country", "The customer's country."),
    ("currency", "Always IDR."),
    ("custIdMerchant", "Your name for the customer."),
    ("customerName", "The customer's name."),
    ("dateOfBirth", "YYYYMMDD."),
    ("deviceModel", "The customer's device."),
    ("email", "The customer's e-mail address."),
    ("expiresIn", "Seconds."),
    ("externalStoreId", "Not used."),
    (
        "failedPaymentUrl",
        "Where the customer's browser goes when it did not go well.",
    ),
    (
        "failedRegistrationUrl",
        "Where the customer's browser goes when it did not go well.",
    ),
    ("feeAmount", "The fee."),
    ("feeType", "Of no meaning for this channel."),
    (
        "flatAmount",
        "Not yet cleared; DOKU's spelling of floatAmount.",
    ),
    ("floatAmount", "Not yet cleared."),
    ("grantType", "Which code is given. Case does not matter."),
    ("holdAmount", "Held."),
    ("idCard", "The customer's identity card."),
    (
        "latestTransactionStatus",
        "00 success, 01 initiated, 02 paying, 03 pending, 04 refunded, 05 cancelled, 06 failed, 07 not found.",
    ),
    ("lineItems", "What is bought; not added up."),
    ("merchantId", "Not used."),
    ("name", "What it is."),
    (
        "originalExternalId",
        "The X-EXTERNAL-ID of the original request.",
    ),
    (
        "originalPartnerReferenceNo",
        "The payment, by your reference.",
    ),
    (
        "originalReferenceNo",
        "The payment, by the gateway's reference.",
    ),
    (
        "originalResponseCode",
        "What the payment itself was answered, or would be now.",
    ),
    ("originalResponseMessage", "The same in words."),
    ("osType", "ios or android. Case does not matter."),
    ("paidTime", "When the money moved."),
    (
        "partnerReferenceNo",
        "Your reference, unique for ever. In a refund's history, your reference of the refund.",
    ),
    (
        "partnerRefundNo",
        "Your reference of the refund, unique for ever.",
    ),
    (
        "payMethod",
        "Where the money comes from; each at most once.",
    ),
    (
        "payOptionDetails",
        "From where the money comes; the whole amount from the balance when absent. The parts must add up.",
    ),
    (
        "phoneNo",
        "The customer's phone number, digits only; a leading 0 counts as 62.",
    ),
    ("price", "For one; a text such as 25000.00."),
    ("quantity", "How many; a whole number above zero."),
    ("reason", "Why."),
    ("redirectUrl", "The page to send the customer to."),
    ("referenceNo", "The gateway's reference."),
    ("refreshToken", "For another customer token."),
    (
        "refreshTokenExpiryTime",
        "Until when the refresh token is good.",
    ),
    ("refundAmount", "How much goes back."),
    ("refundDate", "When."),
    ("refundHistory", "Every refund of the payment."),
    ("refundNo", "The gateway's reference of the refund."),
    ("refundStatus", "00 success, 03 pending, 06 failed."),
    ("refundTime", "When."),
    ("remarks", "What the customer reads."),
    (
        "responseCode",
        "HTTP status, service and case, as seven digits.",
    ),
    (
        "responseMessage",
        "The case in words, with the field or the reason.",
    ),
    ("serviceCode", "54 (the standard) or 55 (DOKU's SDKs)."),
    ("status", "The state of the binding."),
    ("subMerchantId", "Not used."),
    (
        "successPaymentUrl",
        "Where the customer's browser goes when it went well; proves nothing.",
    ),
    (
        "successRegistrationUrl",
        "Where the customer's browser goes when it went well; proves nothing.",
    ),
    (
        "tokenId",
        "The customer's access token, also an expired one; it names the binding.",
    ),
    ("tokenType", "Bearer."),
    (
        "transAmount",
        "The payment's amount; in a request, the part from this source.",
    ),
    ("transactionDate", "When the payment was asked for."),
    ("transactionStatusDesc", "The state in a word."),
    ("value", "Rupiah, a point and two digits."),
    (
        "webRedirectUrl",
        "The page to send the customer to; null when there is none.",
    ),
];

/// What a case means for whoever is answered with it; `None` for the standard's that only a bank says.
pub fn case(case: Case) -> Option<&'static str> {
    Some(match case {
        Case::Successful => "it was done, or the customer's page is ready",
        Case::InProgress => "accepted; ask for the status",
        Case::BadRequest => "the body is no acceptable JSON object",
        Case::InvalidFieldFormat => "the named field or header has another form",
        Case::InvalidMandatoryField => "the named field or header is missing",
        Case::Unauthorized => {
            "unknown client, wrong signature, X-TIMESTAMP too far away, or a code that cannot be used"
        }
        Case::InvalidTokenB2b => {
            "the B2B token has expired or is another merchant's: fetch a new one"
        }
        Case::TokenNotFoundB2b => "Authorization is missing",
        Case::InvalidCustomerToken => "the customer's token has expired, or the binding has ended",
        Case::CustomerTokenNotFound => "Authorization-Customer is missing",
        Case::TransactionExpired => {
            "the payment of this reference has ended without money; use a new reference"
        }
        Case::ActivityCountLimitExceeded => "the customer has too many bindings or tries",
        Case::TransactionNotPermitted => {
            "the account is registered already, or the bank does not permit it"
        }
        Case::InsufficientFunds => "the customer has not enough money",
        Case::DoNotHonor => "the bank refused",
        Case::DormantAccount => "the customer's account is dormant",
        Case::ExceedsAmountLimit => "above the customer's limit at the bank",
        Case::InvalidTransactionStatus => "the payment is not paid",
        Case::TransactionNotFound => "there is no such payment",
        Case::InvalidAmount => "the parts do not add up, or the refunds exceed the payment",
        Case::InconsistentRequest => "this reference was used before with other content",
        Case::Conflict => {
            "this X-EXTERNAL-ID was used today; with the same body, the body is the first answer's"
        }
        Case::PayloadTooLarge => "the body is too long",
        Case::UnsupportedMediaType => "Content-Type is not application/json",
        Case::TooManyRequests => "slow down; nothing was done",
        Case::InternalServerError => "repeat the same request",
        Case::Timeout => "the bank did not answer: the outcome is unknown, ask for the status",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_words_are_sorted_and_none_stands_twice() {
        assert!(MEMBERS.is_sorted_by(|(one, _), (other, _)| one < other));
    }
}
