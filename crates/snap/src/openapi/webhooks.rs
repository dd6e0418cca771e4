//! What the gateway calls at the merchant: a token, then the notification.

use serde_json::{Value, json};

use super::{examples, reading, writing};
use crate::headers;
use crate::messages::notify::{BindingNotifyRequest, NotifyRequest, NotifyResponse};
use crate::messages::token::{B2bRequest, B2bResponse};

/// The member `webhooks`.
pub fn described() -> Value {
    let token = [
        headers::X_CLIENT_KEY,
        headers::X_TIMESTAMP,
        headers::X_SIGNATURE,
    ];
    let signed = [
        headers::X_PARTNER_ID,
        headers::X_EXTERNAL_ID,
        headers::X_TIMESTAMP,
        headers::X_SIGNATURE,
    ];
    let request = examples::b2b_request();
    let payment = examples::notification();
    let binding = examples::binding_notification();
    json!({
        "token": webhook(
            "At your token URL: the gateway fetches the token that it notifies with. Verify the signature with the gateway's public key, over `X-CLIENT-KEY|X-TIMESTAMP`.",
            &token,
            (&reading::schema::<B2bRequest>(&request), &request),
            (&writing::schema::<B2bResponse>(&examples::b2b_response()), &examples::b2b_response()),
        ),
        "payment": webhook(
            "At your notification URL: what became of a payment. Verify HMAC-SHA512 with the notification secret, over your own path and the token that you issued. Anything but 2xx is repeated.",
            &signed,
            (&reading::schema::<NotifyRequest>(&payment), &payment),
            (&writing::schema::<NotifyResponse>(&examples::notification_response()), &examples::notification_response()),
        ),
        "binding": webhook(
            "At your binding notification URL: what became of a binding. Signed as a payment's.",
            &signed,
            (&reading::schema::<BindingNotifyRequest>(&binding), &binding),
            (&writing::schema::<NotifyResponse>(&examples::binding_notification_response()), &examples::binding_notification_response()),
        ),
    })
}

fn webhook(
    description: &str,
    headers: &[&str],
    (request_schema, request): (&Value, &Value),
    (response_schema, response): (&Value, &Value),
) -> Value {
    let parameters: Vec<Value> = headers
        .iter()
        .map(|name| {
            json!({ "name": name, "in": "header", "required": true, "schema": { "type": "string" } })
        })
        .collect();
    json!({ "post": {
        "description": description,
        "parameters": parameters,
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": request_schema, "example": request } },
        },
        "responses": { "200": {
            "description": "Received.",
            "content": { "application/json": { "schema": response_schema, "example": response } },
        } },
    } })
}
