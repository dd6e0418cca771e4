//! What the bank answers to the gateway's calls.

use gateway::network::{Incoming, Outgoing};
use http::HeaderMap;
use serde_json::{Value, json};
use snap::timestamp::{Timestamp, format_jakarta};
use snap::{Amount, paths};

use super::{Bank, Lie, Link, Linked, Paid, Payment, Refund, rupiah};
use crate::world::World;

/// What an answer is made of: a code, and the members beside code and message.
type Said = (&'static str, Value);

const STALE: &str = "4010001";

impl Bank {
    /// Answers a request of the gateway.
    pub fn answer(&mut self, world: &World, request: &Outgoing) -> Incoming {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let path = request.url.path();
        let trouble = world.weather().troubled;
        if world.strikes(trouble / 8) {
            self.token_epoch = self.token_epoch.saturating_add(1);
        }
        if world.strikes(trouble / 2) {
            return told((
                if world.below(2) == 0 {
                    "5000001"
                } else {
                    "5040000"
                },
                Value::Null,
            ));
        }
        let said = if path == paths::BANK_TOKEN_B2B {
            let token = format!("b2b-{}", self.token_epoch);
            (
                "2007300",
                json!({"accessToken": token, "tokenType": "Bearer", "expiresIn": 900}),
            )
        } else if path == paths::BANK_TOKEN_B2B2C {
            self.customer_token(&body, world.now_ms())
        } else if bearer(&request.headers, "authorization") != format!("b2b-{}", self.token_epoch) {
            (STALE, Value::Null)
        } else {
            self.business(path, &request.headers, &body, world.now_ms())
        };
        if world.strikes(trouble / 2) {
            // It was done, and the front says that it does not know.
            return told(("5040000", Value::Null));
        }
        told(said)
    }

    fn business(&mut self, path: &str, headers: &HeaderMap, body: &Value, now_ms: i64) -> Said {
        match path {
            paths::BANK_BINDING => self.bind(body),
            paths::BANK_BINDING_INQUIRY => self.inquire(body, now_ms),
            paths::BANK_UNBINDING => self.unbind(body),
            paths::BANK_PAYMENT => self.pay(headers, body, now_ms),
            paths::BANK_STATUS => self.status(body, now_ms),
            paths::BANK_CANCEL => self.cancel(body, now_ms),
            paths::BANK_REFUND => self.refund(body, now_ms),
            _ => ("4040000", Value::Null),
        }
    }

    fn customer_token(&self, body: &Value, now_ms: i64) -> Said {
        let code = text(body, "/authCode");
        let link = code
            .strip_prefix("code-")
            .or_else(|| text(body, "/refreshToken").strip_prefix("refresh-"))
            .unwrap_or_default();
        if self.links.get(link).map(|link| link.state) != Some(Linked::Yes) {
            return ("4017400", Value::Null);
        }
        let expiry = format_jakarta(now_ms.saturating_add(120_000));
        (
            "2007400",
            json!({
                "accessToken": format!("customer-{link}"),
                "tokenType": "Bearer",
                "accessTokenExpiryTime": expiry,
                "refreshToken": format!("refresh-{link}"),
            }),
        )
    }

    fn bind(&mut self, body: &Value) -> Said {
        let reference = text(body, "/partnerReferenceNo");
        let phone = text(body, "/phoneNo");
        if phone.ends_with('7') {
            return ("4030709", Value::Null);
        }
        self.links
            .entry(reference.to_owned())
            .or_insert_with(|| Link {
                state: Linked::Pending,
                account: format!("account-{phone}"),
                customer: text(body, "/additionalInfo/custIdMerchant").to_owned(),
                return_url: text(body, "/redirectUrl").to_owned(),
                left: false,
                expires_ms: time(body, "/additionalInfo/validUpTo"),
            });
        (
            "2000700",
            json!({
                "referenceNo": format!("L-{reference}"),
                "redirectUrl": format!("http://bank/page/{reference}"),
            }),
        )
    }

    fn inquire(&self, body: &Value, now_ms: i64) -> Said {
        let reference = text(body, "/originalPartnerReferenceNo");
        let Some(link) = self.links.get(reference) else {
            return ("4040801", Value::Null);
        };
        let status = match link.state {
            Linked::Pending if now_ms < link.expires_ms => "PENDING",
            Linked::Pending | Linked::Refused => "FAILED",
            Linked::Yes => "LINKED",
            Linked::NoMore => "UNLINKED",
        };
        let mut said = json!({"additionalInfo": {"linkStatus": status}});
        if link.state == Linked::Yes {
            said = json!({
                "accountNo": link.account,
                "additionalInfo": {
                    "linkStatus": status,
                    "accountMasked": "****",
                    "authCode": format!("code-{reference}"),
                },
            });
        }
        ("2000800", said)
    }

    fn unbind(&mut self, body: &Value) -> Said {
        let reference = text(body, "/linkId");
        if !self.unlink(reference) {
            return ("4040911", Value::Null);
        }
        ("2000900", json!({"referenceNo": format!("L-{reference}")}))
    }

    fn pay(&mut self, headers: &HeaderMap, body: &Value, now_ms: i64) -> Said {
        let reference = text(body, "/partnerReferenceNo");
        let sen = sen(body, "/amount/value");
        let token = bearer(headers, "authorization-customer");
        let link = token
            .strip_prefix("customer-")
            .unwrap_or_default()
            .to_owned();
        if self.links.get(&link).map(|link| link.state) != Some(Linked::Yes) {
            return ("4015402", Value::Null);
        }
        let page = json!({
            "referenceNo": format!("P-{reference}"),
            "webRedirectUrl": format!("http://bank/page/{reference}"),
        });
        if let Some(before) = self.payments.get(reference) {
            return if before.sen == sen && before.link == link {
                ("2005400", page)
            } else {
                ("4045418", Value::Null)
            };
        }
        if sen % 1_000 == 700 {
            return ("4035414", Value::Null);
        }
        let expires_ms = time(body, "/validUpTo");
        let payment = Payment {
            state: if now_ms < expires_ms {
                Paid::Pending
            } else {
                Paid::Cancelled
            },
            sen,
            remarks: text(body, "/additionalInfo/remarks").to_owned(),
            return_url: text(body, "/urlParams/0/url").to_owned(),
            link,
            expires_ms,
        };
        self.payments.insert(reference.to_owned(), payment);
        if sen % 1_000 == 900 {
            return ("2025400", Value::Null);
        }
        ("2005400", page)
    }

    fn status(&mut self, body: &Value, now_ms: i64) -> Said {
        let reference = text(body, "/originalPartnerReferenceNo");
        self.expire(reference, now_ms);
        let Some(payment) = self.payments.get(reference) else {
            return ("4045501", Value::Null);
        };
        let mut said = json!({
            "originalPartnerReferenceNo": reference,
            "originalReferenceNo": format!("P-{reference}"),
            "latestTransactionStatus": self.code_of(reference, payment),
            "transAmount": {"value": rupiah(payment.sen), "currency": "IDR"},
        });
        if payment.state == Paid::Failed
            && let Some(members) = said.as_object_mut()
        {
            members.insert("originalResponseCode".to_owned(), "4035414".into());
            members.insert(
                "originalResponseMessage".to_owned(),
                "Insufficient Funds".into(),
            );
        }
        ("2005500", said)
    }

    fn cancel(&mut self, body: &Value, now_ms: i64) -> Said {
        let reference = text(body, "/originalPartnerReferenceNo");
        self.expire(reference, now_ms);
        let Some(payment) = self.payments.get_mut(reference) else {
            return ("4045701", Value::Null);
        };
        match payment.state {
            Paid::Yes | Paid::Failed => ("4045700", Value::Null),
            Paid::Cancelled => ("2005700", Value::Null),
            Paid::Pending => {
                payment.state = Paid::Cancelled;
                self.untold.push(reference.to_owned());
                ("2005700", Value::Null)
            }
        }
    }

    fn refund(&mut self, body: &Value, now_ms: i64) -> Said {
        let reference = text(body, "/originalPartnerReferenceNo").to_owned();
        let number = text(body, "/partnerRefundNo");
        let sen = sen(body, "/refundAmount/value");
        let Some(payment) = self.payments.get(&reference) else {
            return ("4045801", Value::Null);
        };
        if payment.state != Paid::Yes {
            return ("4045800", Value::Null);
        }
        if sen % 1_000 == 700 {
            return ("4035805", Value::Null);
        }
        let promised: i64 = self.of_payment(&reference).map(|refund| refund.sen).sum();
        let left = payment.sen.saturating_sub(promised);
        match self.refunds.get(number) {
            Some(before) if before.sen != sen || before.payment != reference => {
                return ("4045818", Value::Null);
            }
            None if sen > left => return ("4045813", Value::Null),
            _ => {}
        }
        let refund = self.refunds.entry(number.to_owned()).or_insert(Refund {
            payment: reference.clone(),
            sen,
            done: false,
            asked: 0,
        });
        refund.asked = refund.asked.saturating_add(1);
        if sen % 1_000 == 900 && refund.asked < 3 {
            return ("2025800", Value::Null);
        }
        if !refund.done {
            refund.done = true;
            if self.lie != Lie::KeepsRefunds {
                self.movements
                    .push((reference.clone(), sen.saturating_neg()));
            }
        }
        (
            "2005800",
            json!({
                "originalPartnerReferenceNo": reference,
                "partnerRefundNo": number,
                "refundAmount": {"value": rupiah(sen), "currency": "IDR"},
                "refundTime": format_jakarta(now_ms),
            }),
        )
    }
}

fn told((code, members): Said) -> Incoming {
    let mut body = json!({"responseCode": code, "responseMessage": "as told"});
    if let (Some(body), Value::Object(members)) = (body.as_object_mut(), members) {
        body.extend(members);
    }
    Incoming {
        status: code
            .get(..3)
            .and_then(|http| http.parse().ok())
            .unwrap_or(500),
        body: body.to_string().into(),
    }
}

fn text<'a>(body: &'a Value, path: &str) -> &'a str {
    body.pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn time(body: &Value, path: &str) -> i64 {
    Timestamp::parse(text(body, path)).map_or(0, |time| time.unix_ms())
}

fn sen(body: &Value, path: &str) -> i64 {
    Amount::parse(text(body, path)).map_or(0, Amount::sen)
}

fn bearer(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    let value = value.unwrap_or_default();
    value.strip_prefix("Bearer ").unwrap_or(value).to_owned()
}
