//! One right request for each of the eight services, to be spoilt by the tests of refusals.

use bank_simulator::demo_customers;
use merchant_sdk::{Answer, RawOptions, Signature};
use serde_json::{Value, json};

use super::stage::*;

/// The services that a merchant signs with its secret.
pub const SIGNED: &[&str] = &["07", "09", "11", "54", "55", "58"];
/// The services that a merchant signs with its key.
pub const TOKENS: &[&str] = &["73", "74"];

/// A request and how it is sent.
#[derive(Clone)]
pub struct Call {
    pub service: &'static str,
    pub path: &'static str,
    pub body: Value,
    pub options: RawOptions,
}

/// What the requests speak of: a linked customer and a payment.
pub struct Props {
    pub auth_code: String,
    pub customer_token: String,
    pub paid: String,
}

impl Props {
    /// A customer is linked and has paid 20000.00.
    pub async fn on(stage: &Stage) -> Self {
        let siti = &demo_customers()[0];
        let (auth_code, customer_token) = stage.linked(&stage.shop, siti, "cust-1").await;
        let paid = reference("PAY");
        stage
            .paid(&stage.shop, &customer_token, &paid, "20000.00")
            .await;
        stage.idle().await;
        Self {
            auth_code,
            customer_token,
            paid,
        }
    }

    /// Nobody is linked and nothing is paid.
    pub fn unknown() -> Self {
        let nothing = || "nothing".to_owned();
        Self {
            auth_code: nothing(),
            customer_token: nothing(),
            paid: nothing(),
        }
    }

    /// Each service once, each right in every way; the unbinding comes last.
    pub fn calls(&self) -> [Call; 8] {
        let code = json!({"grantType": "authorization_code", "authCode": self.auth_code});
        let budi = &demo_customers()[1];
        [
            token_call("73", snap::paths::TOKEN_B2B, b2b()),
            token_call("74", snap::paths::TOKEN_B2B2C, code),
            call("07", BINDING, binding(budi.phone_no, "cust-2")),
            self.customer_call("11", BALANCE, balance()),
            self.customer_call("54", PAYMENT, payment(&reference("PAY"), "1000.00")),
            call("55", STATUS, status(&self.paid)),
            call(
                "58",
                REFUND,
                refund(&self.paid, &reference("REF"), "1000.00"),
            ),
            call("09", UNBINDING, unbinding(&self.customer_token)),
        ]
    }

    /// The right request of one service.
    pub fn call(&self, service: &str) -> Call {
        let found = self
            .calls()
            .into_iter()
            .find(|call| call.service == service);
        found.unwrap()
    }

    fn customer_call(&self, service: &'static str, path: &'static str, body: Value) -> Call {
        let mut call = call(service, path, body);
        call.options.customer_token = Some(self.customer_token.clone());
        call
    }
}

impl Call {
    /// `400` and `02` become `4005402`.
    pub fn code(&self, status: &str, case: &str) -> String {
        format!("{status}{}{case}", self.service)
    }

    pub async fn send(&self, shop: &Shop) -> Answer {
        shop.send(self.path, &self.body, self.options.clone()).await
    }

    pub async fn send_bytes(&self, shop: &Shop, body: impl Into<Vec<u8>>) -> Answer {
        shop.send_bytes(self.path, body.into(), self.options.clone())
            .await
    }

    /// The same with a header as given.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let header = (name.to_owned(), value.to_owned());
        self.options.headers.push(header);
        self
    }

    /// The same without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.options.without.push(name.to_owned());
        self
    }

    /// The same with a member changed, or removed.
    pub fn changed(mut self, pointer: &str, value: Option<Value>) -> Self {
        self.body = changed(self.body, pointer, value);
        self
    }
}

/// A body with a member, named by a JSON pointer, changed or removed.
pub fn changed(mut body: Value, pointer: &str, value: Option<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
        (parent, Some(value)) => parent[name] = value,
        (parent, None) => {
            parent.as_object_mut().unwrap().remove(name);
        }
    }
    body
}

/// `/additionalInfo/lineItems/0/price` becomes `additionalInfo.lineItems[0].price`.
pub fn path_of(pointer: &str) -> String {
    pointer[1..].split('/').fold(String::new(), |path, name| {
        match (path.as_str(), name.parse::<usize>()) {
            (_, Ok(index)) => format!("{path}[{index}]"),
            ("", _) => name.to_owned(),
            _ => format!("{path}.{name}"),
        }
    })
}

pub fn b2b() -> Value {
    json!({"grantType": "client_credentials"})
}

pub fn status(reference: &str) -> Value {
    json!({"originalPartnerReferenceNo": reference, "serviceCode": "54"})
}

fn call(service: &'static str, path: &'static str, body: Value) -> Call {
    Call {
        service,
        path,
        body,
        options: RawOptions::default(),
    }
}

fn token_call(service: &'static str, path: &'static str, body: Value) -> Call {
    let mut call = call(service, path, body);
    call.options.signature = Signature::Asymmetric;
    call
}

/// The requests of these tests come from one address faster than strangers may usually ask.
pub fn no_address_limit(config: &mut gateway::Config) {
    config.limits.address_per_second = 100_000;
}

/// A stage on which refusals are not counted.
pub async fn patient_stage() -> Stage {
    Stage::with(Wishes {
        change: no_address_limit,
        ..Wishes::default()
    })
    .await
}

/// The answer is a success.
pub fn is_done(what: &str, answer: &Answer) {
    assert!(
        (200..300).contains(&answer.status),
        "{what}: {} {}",
        answer.status,
        answer.json()
    );
}
