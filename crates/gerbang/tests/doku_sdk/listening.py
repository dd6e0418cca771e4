"""A merchant that hears notifications with nothing but the helpers of DOKU's own SDK.

It hands out tokens with `validate_signature` and `generate_token_b2b`, accepts a notification with
`validate_token_b2b` on the bare token, reads it into the SDK's own classes and answers with the SDK's own
answer. The SDK has no helper for the signature of a notification, so that is compared with what the SDK's
signing function makes of the request.
"""

import threading

from flask import Flask, jsonify, request
from werkzeug.serving import make_server

from doku_python_library.src.model.direct_debit.line_items import LineItems
from doku_python_library.src.model.notification.notification_payment_direct_debit_additional_info import NotificationPaymentDirectDebitAdditionalInfo
from doku_python_library.src.model.notification.notification_payment_direct_debit_request import NotificationPaymentDirectDebitRequest
from doku_python_library.src.model.va.total_amount import TotalAmount
from doku_python_library.src.services.token_service import TokenService


class Merchant:
    """Listens on a free port of this machine and keeps what it was told."""

    def __init__(self, snap, notification_secret):
        self.snap = snap
        self.secret = notification_secret
        self.told = []
        self.refused = []
        self.tokens = 0
        app = Flask("merchant")
        app.add_url_rule("/token", view_func=self.token, methods=["POST"])
        app.add_url_rule("/payments", view_func=self.payment, methods=["POST"])
        app.add_url_rule("/bindings", view_func=self.binding, methods=["POST"])
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self):
        answer = self.snap.generate_token_b2b(self.snap.validate_signature())
        if answer.body.access_token is None:
            self.refused.append(f"token request: {answer.body.response_message}")
        self.tokens += 1
        return jsonify(answer.body.json()), 200, answer.header.json()

    def payment(self):
        token = self.accepted()
        if token is not None:
            self.told.append(read(request.get_json()).json() | {"all": request.get_json()})
        answer = self.snap.direct_debit_payment_notification(token)
        return jsonify(answer.json())

    def binding(self):
        if self.accepted() is not None:
            self.told.append({"binding": request.get_json()})
        return jsonify({"responseCode": "2000700", "responseMessage": "Successful"})

    def accepted(self):
        """The bare token of a request that proves itself."""
        headers = request.headers
        token = headers["Authorization"].removeprefix("Bearer ")
        signature = TokenService.generate_symmetric_signature(
            request.method, request.path, token, request.get_json(), headers["X-TIMESTAMP"], self.secret
        )
        if not self.snap.validate_token_b2b(token):
            self.refused.append(f"{request.path}: invalid token")
        elif headers["X-SIGNATURE"] != signature:
            self.refused.append(f"{request.path}: wrong signature")
        elif headers["X-PARTNER-ID"] != self.snap.client_id:
            self.refused.append(f"{request.path}: for somebody else")
        elif not headers["X-EXTERNAL-ID"]:
            self.refused.append(f"{request.path}: no X-EXTERNAL-ID")
        else:
            return token
        return None


def read(body):
    """The SDK's own classes; a member that is missing fails."""
    info = body["additionalInfo"]
    return NotificationPaymentDirectDebitRequest(
        original_partner_reference_no=body["originalPartnerReferenceNo"],
        original_reference_no=body["originalReferenceNo"],
        original_external_id=body["originalExternalId"],
        latest_transaction_status=body["latestTransactionStatus"],
        transaction_status_desc=body["transactionStatusDesc"],
        amount=TotalAmount(**body["amount"]),
        additional_info=NotificationPaymentDirectDebitAdditionalInfo(
            channel_id=info["channelId"],
            acquirer_id=info["acquirerId"],
            cust_id_merchant=info["custIdMerchant"],
            account_type=info["accountType"],
            line_items=[LineItems(**item) for item in info["lineItems"]],
        ),
    )
