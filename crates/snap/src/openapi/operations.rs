//! What merchants can call: paths, headers, messages, and every case that can be answered.

use serde_json::{Value, json};

use super::{answers, entry, examples, reading, writing};
use crate::messages::balance::{BalanceRequest, BalanceResponse};
use crate::messages::binding::{BindingRequest, BindingResponse};
use crate::messages::payment::{PaymentRequest, PaymentResponse};
use crate::messages::refund::{RefundRequest, RefundResponse};
use crate::messages::status::{StatusRequest, StatusResponse};
use crate::messages::token::{B2b2cRequest, B2b2cResponse, B2bRequest, B2bResponse};
use crate::messages::unbinding::{UnbindingRequest, UnbindingResponse};
use crate::{Case, Request, Service, headers, paths};

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The service.
    pub service: Service,
    /// Its paths; the first is the usual one.
    pub paths: &'static [&'static str],
    /// Its name, for tools.
    pub id: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The headers besides those that every request has.
    pub headers: &'static [&'static str],
    /// A request.
    pub request: Value,
    /// The form of a request.
    pub request_schema: Value,
    /// A success.
    pub response: Value,
    /// The form of a success.
    pub response_schema: Value,
    /// The cases that this operation's rules answer with.
    pub cases: &'static [Case],
    /// Whether the bank's refusals are passed on.
    pub asks_bank: bool,
    /// Whether a token request, which is signed with the RSA key.
    pub is_token: bool,
}

/// All of them, in the order in which a merchant meets them.
#[must_use]
pub fn operations() -> Vec<Operation> {
    use examples as e;
    let b2b = (
        e::b2b_request(),
        reading::schema::<B2bRequest>(&e::b2b_request()),
    );
    let customer_token = json!({ "oneOf": [
        reading::schema::<B2b2cRequest>(&e::auth_code_request()),
        reading::schema::<B2b2cRequest>(&e::refresh_request()),
    ] });
    let token = (e::auth_code_request(), customer_token);
    vec![
        Operation {
            paths: &[paths::TOKEN_B2B],
            summary: "A B2B token for your server, good for 15 minutes",
            headers: &[],
            cases: TOKEN,
            is_token: true,
            ..Operation::new::<B2bRequest, B2bResponse>("getB2bToken", b2b, e::b2b_response())
        },
        Operation {
            summary: "Link a customer's account: answers with the page to send the customer to",
            headers: &[headers::X_IP_ADDRESS, headers::X_DEVICE_ID],
            cases: BINDING,
            asks_bank: true,
            ..Operation::read::<BindingRequest, BindingResponse>(
                "bind",
                e::binding_request(),
                e::binding_response(),
            )
        },
        Operation {
            summary: "A customer's token, with the authCode of a binding or a refresh token",
            cases: TOKEN,
            is_token: true,
            ..Operation::new::<B2b2cRequest, B2b2cResponse>(
                "getCustomerToken",
                token,
                e::b2b2c_response(),
            )
        },
        Operation {
            summary: "The customer's balances",
            headers: &[headers::X_IP_ADDRESS, headers::AUTHORIZATION_CUSTOMER],
            cases: BALANCE,
            asks_bank: true,
            ..Operation::read::<BalanceRequest, BalanceResponse>(
                "getBalance",
                e::balance_request(),
                e::balance_response(),
            )
        },
        Operation {
            summary: "Take a payment: answers with the page to send the customer to; the status or the notification tells how it ended",
            headers: &[headers::X_IP_ADDRESS, headers::AUTHORIZATION_CUSTOMER],
            cases: PAYMENT,
            asks_bank: true,
            ..Operation::read::<PaymentRequest, PaymentResponse>(
                "pay",
                e::payment_request(),
                e::payment_response(),
            )
        },
        Operation {
            summary: "What became of a payment, and its refunds",
            cases: STATUS,
            ..Operation::read::<StatusRequest, StatusResponse>(
                "getStatus",
                e::status_request(),
                e::status_response(),
            )
        },
        Operation {
            summary: "Give a payment back, all of it or a part",
            headers: &[headers::X_IP_ADDRESS],
            cases: REFUND,
            asks_bank: true,
            ..Operation::read::<RefundRequest, RefundResponse>(
                "refund",
                e::refund_request(),
                e::refund_response(),
            )
        },
        Operation {
            paths: &[paths::UNBINDING, paths::UNBINDING_WITHOUT_CORE],
            summary: "End the link to a customer's account",
            headers: &[headers::X_IP_ADDRESS],
            cases: UNBINDING,
            asks_bank: true,
            ..Operation::read::<UnbindingRequest, UnbindingResponse>(
                "unbind",
                e::unbinding_request(),
                e::unbinding_response(),
            )
        },
    ]
}

/// What every request may be answered, before anyone asks what it wants.
const ALWAYS: &[Case] = &[
    Case::BadRequest,
    Case::InvalidFieldFormat,
    Case::InvalidMandatoryField,
    Case::Unauthorized,
    Case::PayloadTooLarge,
    Case::UnsupportedMediaType,
    Case::TooManyRequests,
    Case::InternalServerError,
];

/// What every request but those for tokens may be answered besides.
const SIGNED: &[Case] = &[Case::InvalidTokenB2b, Case::TokenNotFoundB2b];

const TOKEN: &[Case] = &[Case::Successful];
const BINDING: &[Case] = &[
    Case::Successful,
    Case::ActivityCountLimitExceeded,
    Case::TransactionNotPermitted,
    Case::InconsistentRequest,
    Case::Conflict,
    Case::Timeout,
];
const BALANCE: &[Case] = &[
    Case::Successful,
    Case::InvalidCustomerToken,
    Case::CustomerTokenNotFound,
    Case::Timeout,
];
const PAYMENT: &[Case] = &[
    Case::Successful,
    Case::InProgress,
    Case::InvalidCustomerToken,
    Case::CustomerTokenNotFound,
    Case::TransactionExpired,
    Case::InvalidAmount,
    Case::InconsistentRequest,
    Case::Conflict,
    Case::Timeout,
];
const STATUS: &[Case] = &[Case::Successful, Case::TransactionNotFound];
const REFUND: &[Case] = &[
    Case::Successful,
    Case::InProgress,
    Case::InvalidCustomerToken,
    Case::InvalidTransactionStatus,
    Case::TransactionNotFound,
    Case::InvalidAmount,
    Case::InconsistentRequest,
    Case::Conflict,
    Case::Timeout,
];
const UNBINDING: &[Case] = &[
    Case::Successful,
    Case::InProgress,
    Case::InvalidCustomerToken,
    Case::InconsistentRequest,
    Case::Conflict,
    Case::Timeout,
];

impl Operation {
    fn read<R: Request, A: serde::Serialize + Default>(
        id: &'static str,
        request: Value,
        response: Value,
    ) -> Self {
        let schema = reading::schema::<R>(&request);
        Self::new::<R, A>(id, (request, schema), response)
    }

    fn new<R: Request, A: serde::Serialize + Default>(
        id: &'static str,
        (request, request_schema): (Value, Value),
        response: Value,
    ) -> Self {
        Self {
            service: R::SERVICE,
            paths: const { &[R::PATH] },
            id,
            summary: "",
            headers: &[],
            request,
            request_schema,
            response_schema: writing::schema::<A>(&response),
            response,
            cases: &[],
            asks_bank: false,
            is_token: false,
        }
    }

    /// Every case that can be answered.
    #[must_use]
    pub fn all_cases(&self) -> Vec<Case> {
        let signed = if self.is_token { &[][..] } else { SIGNED };
        // RouteNotFound has the code of InvalidTransactionStatus.
        let from_bank = |case: &Case| {
            self.asks_bank && case.is_about_the_customer() && *case != Case::RouteNotFound
        };
        Case::all()
            .iter()
            .filter(|case| {
                ALWAYS.contains(case)
                    || signed.contains(case)
                    || self.cases.contains(case)
                    || from_bank(case)
            })
            .copied()
            .collect()
    }

    /// The headers in their order.
    #[must_use]
    pub fn all_headers(&self) -> Vec<&'static str> {
        let always: &[&str] = if self.is_token {
            &[
                headers::X_CLIENT_KEY,
                headers::X_TIMESTAMP,
                headers::X_SIGNATURE,
            ]
        } else {
            &[
                headers::X_PARTNER_ID,
                headers::X_EXTERNAL_ID,
                headers::X_TIMESTAMP,
                headers::X_SIGNATURE,
            ]
        };
        let mut all = always.to_vec();
        all.extend(self.headers);
        if !self.is_token {
            all.push(headers::CHANNEL_ID);
        }
        all
    }

    /// As OpenAPI has it, under one of its paths.
    pub(super) fn described(&self, path: &str) -> Value {
        let parameters: Vec<Value> = self
            .all_headers()
            .iter()
            .map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }))
            .collect();
        let usual = self.paths.first() == Some(&path);
        let id = if usual {
            self.id.to_owned()
        } else {
            format!("{}WithoutCore", self.id)
        };
        let mut described = json!({
            "operationId": id,
            "summary": self.summary,
            "description": format!("Service {}: {}.", self.service, self.service.name()),
            "parameters": parameters,
            "requestBody": {
                "required": true,
                "content": { "application/json": {
                    "schema": self.request_schema,
                    "example": self.request,
                } },
            },
            "responses": answers::described(self),
        });
        if !self.is_token {
            *entry(&mut described, "security") = json!([{ "b2bToken": [] }]);
        }
        described
    }
}
