"""One merchant's journey with DOKU's own SDK: link, look, pay, ask, refund, unlink, and hear of all of it.

Usage: journey.py SANDBOX_JSON GERBANG

Only the SDK's base URL is changed. The customer is played by `gerbang customer complete`. Results are
read by attribute, because the SDK's own `.json()` fails on object members. The SDK turns every exception
into a 500 code of its own, so a wrong response member shows up here as a wrong code.
"""

import json
import subprocess
import sys
import time
import uuid
from pathlib import Path

from doku_python_library.src.commons import config

SANDBOX = json.loads(Path(sys.argv[1]).read_text())
GERBANG = sys.argv[2]
DATA = Path(sys.argv[1]).parent

config._Development.BASE_URL = SANDBOX["base_url"]

from doku_python_library.src.model.direct_debit.account_binding_additional_info_request import AccountBindingAdditionalInfoRequest
from doku_python_library.src.model.direct_debit.account_binding_request import AccountBindingRequest
from doku_python_library.src.model.direct_debit.account_unbinding_additional_info_request import AccountUnbindingAdditionalInfoRequest
from doku_python_library.src.model.direct_debit.account_unbinding_request import AccountUnbindingRequest
from doku_python_library.src.model.direct_debit.balance_inquiry_additional_info import BalanceInquiryAdditionalInfo
from doku_python_library.src.model.direct_debit.balance_inquiry_request import BalanceInquiryRequest
from doku_python_library.src.model.direct_debit.check_status_additional_info_request import CheckStatusAdditionalInfoRequest
from doku_python_library.src.model.direct_debit.check_status_request import CheckStatusRequest
from doku_python_library.src.model.direct_debit.payment_additional_info_request import PaymentAdditionalInfoRequest
from doku_python_library.src.model.direct_debit.payment_request import PaymentRequest
from doku_python_library.src.model.direct_debit.refund_additional_info import RefundAdditionalInfo
from doku_python_library.src.model.direct_debit.refund_request import RefundRequest
from doku_python_library.src.model.va.total_amount import TotalAmount
from doku_python_library.src.snap import DokuSNAP

from listening import Merchant

CHANNEL = "DIRECT_DEBIT_ALLO_SNAP"
# The SDK refuses addresses outside 10 to 15 characters.
IP_ADDRESS = "103.10.66.214"
DEVICE_ID = "b1c6f0de-8f8a-4a5e-9d0f-0d2b6b1c3f11"


def check(what, actual, wanted):
    if actual != wanted:
        sys.exit(f"{what}: expected {wanted!r}, got {actual!r}")


def check_answer(what, answer, wanted):
    if answer.response_code != wanted:
        sys.exit(f"{what}: expected {wanted}, got {answer.response_code} {answer.response_message!r}")
    print(f"{what}: {answer.response_code} {answer.response_message}")


def customer_completes(url):
    """Plays the customer and returns what the command says; it must end well."""
    command = [GERBANG, "customer", "complete", url, "--json", "--data", str(DATA)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        sys.exit(f"customer complete {url}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout)


def until(what, look, wanted, seconds=20):
    """Asks again until the answer is the wanted one, or the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        answer = look()
        if answer.latest_transaction_status == wanted:
            return answer
        if time.monotonic() > deadline:
            sys.exit(f"{what}: status {answer.latest_transaction_status}, expected {wanted}")
        time.sleep(0.2)


def reference():
    return uuid.uuid4().hex


def file_text(name):
    path = Path(SANDBOX[name])
    return (path if path.is_absolute() else DATA / path).read_text()


snap = DokuSNAP(
    private_key=file_text("merchant_private_key"),
    client_id=SANDBOX["client_id"],
    is_production=False,
    public_key=file_text("gateway_public_key"),
    issuer="gerbang-test",
    secret_key=SANDBOX["client_secret"],
    merchant_public_key=file_text("merchant_public_key"),
)

# --- where the merchant hears ----------------------------------------------------------------------
merchant = Merchant(snap, SANDBOX["notification_secret"])
subprocess.run(
    [GERBANG, "merchant", "set", SANDBOX["client_id"], "--data", str(DATA),
     "--token-url", f"{merchant.url}/token", "--notification-url", f"{merchant.url}/payments",
     "--binding-notification-url", f"{merchant.url}/bindings", "--notify-all-refunds", "yes"],
    check=True, capture_output=True, timeout=60,
)


def is_told(what, count, seconds=30):
    """Waits until this many notifications were accepted, and returns the last."""
    deadline = time.monotonic() + seconds
    while len(merchant.told) < count:
        if merchant.refused or time.monotonic() > deadline:
            sys.exit(f"{what}: {len(merchant.told)} of {count} notifications; refused: {merchant.refused}")
        time.sleep(0.1)
    check(f"{what}, notifications", (len(merchant.told), merchant.refused), (count, []))
    print(f"{what}: the merchant was told")
    return merchant.told[-1]


# --- token -----------------------------------------------------------------------------------------
token = snap.get_token()
check_answer("token", token, "2007300")
check("tokenType", token.token_type, "Bearer")
check("expiresIn, from which the SDK takes 10", token.expires_in, 890)

# --- binding ---------------------------------------------------------------------------------------
customer = SANDBOX["customers"][0]


def bind():
    return snap.do_account_binding(
        AccountBindingRequest(
            phone_no=customer["phone_no"],
            additional_info=AccountBindingAdditionalInfoRequest(
                channel=CHANNEL,
                cust_id_merchant="cust-001",
                customer_name="Siti Rahayu",
                email="siti@example.com",
                # A query and a letter outside ASCII: where the SDKs' signatures differ.
                success_registration_url="https://merchant.example/linked?a=1&b=2",
                failed_registration_url="https://merchant.example/not-linked?a=1&b=2",
                address="Jalan Café 1",
                device_model="Pixel 9",
                os_type="android",
                channel_id="app",
            ),
        ),
        device_id=DEVICE_ID,
        ip_address=IP_ADDRESS,
    )


binding = bind()
check_answer("binding", binding, "2000700")
check("binding status", binding.additional_info["status"], "PENDING")
check("custIdMerchant", binding.additional_info["custIdMerchant"], "cust-001")
auth_code = binding.additional_info["authCode"]
check("redirectUrl is the gateway's", binding.redirect_url.startswith(SANDBOX["base_url"]), True)
if not binding.reference_no:
    sys.exit("binding: no referenceNo")

too_early = snap.get_token_b2b2c(auth_code)
check_answer("customer token before the customer has finished", too_early, "4017400")

customer_completes(binding.redirect_url)

# --- customer token --------------------------------------------------------------------------------
customer_token = snap.get_token_b2b2c(auth_code)
check_answer("customer token", customer_token, "2007400")
check("tokenType", customer_token.token_type, "Bearer")
for member in ("access_token", "refresh_token", "access_token_expiry_time", "refresh_token_expiry_time"):
    if not getattr(customer_token, member):
        sys.exit(f"customer token: no {member}")

told = is_told("binding", 1)["binding"]["additionalInfo"]
check("binding, told", (told["status"], told["custIdMerchant"], told["authCode"]), ("SUCCESS", "cust-001", auth_code))

check_answer("binding the same account again", bind(), "4030715")


# --- balance ---------------------------------------------------------------------------------------
def balance():
    """The customer's BALANCE in sen."""
    answer = snap.do_balance_inquiry(
        BalanceInquiryRequest(additional_info=BalanceInquiryAdditionalInfo(channel=CHANNEL)),
        ip_address=IP_ADDRESS,
        auth_code=auth_code,
    )
    check_answer("balance", answer, "2001100")
    accounts = {info["balanceType"]: info for info in answer.account_infos}
    check("kinds of balance", sorted(accounts), ["BALANCE", "PAYLATER", "POINT"])
    available = accounts["BALANCE"]["availableBalance"]
    check("currency", available["currency"], "IDR")
    return int(available["value"].replace(".", ""))


before = balance()

# --- payment ---------------------------------------------------------------------------------------
partner_reference_no = reference()


def pay(partner_reference_no, value):
    return snap.do_payment(
        PaymentRequest(
            partner_reference_no=partner_reference_no,
            amount=TotalAmount(value=value),
            additional_info=PaymentAdditionalInfoRequest(
                channel=CHANNEL,
                remarks="Kopi susu – café",
                success_payment_url="https://merchant.example/paid?a=1&b=2",
                failed_payment_url="https://merchant.example/not-paid?a=1&b=2",
                line_items=[{"name": "Kopi susu", "price": value, "quantity": "1"}],
            ),
        ),
        ip_address=IP_ADDRESS,
        auth_code=auth_code,
    )


def status():
    answer = snap.do_check_status(
        CheckStatusRequest(
            service_code="55",
            original_partner_reference_no=partner_reference_no,
            additional_info=CheckStatusAdditionalInfoRequest(channel=CHANNEL),
        )
    )
    if answer.response_code != "2005500":
        sys.exit(f"status: {answer.response_code} {answer.response_message}")
    return answer


payment = pay(partner_reference_no, "25000.00")
check_answer("payment", payment, "2005400")
check("partnerReferenceNo", payment.partner_reference_no, partner_reference_no)
check("webRedirectUrl is the gateway's", payment.web_redirect_url.startswith(SANDBOX["base_url"]), True)
check("status before the customer", status().latest_transaction_status, "02")

customer_completes(payment.web_redirect_url)

# --- status ----------------------------------------------------------------------------------------
paid = until("payment", status, "00")
print(f"status: {paid.response_code} {paid.response_message}, {paid.latest_transaction_status}")
check("originalPartnerReferenceNo", paid.original_partner_reference_no, partner_reference_no)
check("originalReferenceNo", paid.original_reference_no, payment.reference_no)
check("transAmount", paid.trans_amount, {"value": "25000.00", "currency": "IDR"})
if not paid.paid_time:
    sys.exit("status: no paidTime")
check("balance after paying", balance(), before - 2_500_000)

told = is_told("payment", 2)
check("payment, told", (told["originalPartnerReferenceNo"], told["latestTransactionStatus"]), (partner_reference_no, "00"))
check("payment, told its referenceNo", told["originalReferenceNo"], payment.reference_no)
check("payment, told its amount", told["amount"], {"value": "25000.00", "currency": "IDR"})
check("payment, told its customer", told["additionalInfo"]["custIdMerchant"], "cust-001")
check("payment, told its items", told["additionalInfo"]["lineItems"][0]["name"], "Kopi susu")

# --- refund ----------------------------------------------------------------------------------------
def refund(value):
    partner_refund_no = reference()
    answer = snap.do_refund(
        RefundRequest(
            original_partner_reference_no=partner_reference_no,
            refund_amount=TotalAmount(value=value),
            partner_refund_no=partner_refund_no,
            additional_info=RefundAdditionalInfo(channel=CHANNEL),
            reason="Pesanan batal",
        ),
        ip_address=IP_ADDRESS,
        auth_code=auth_code,
        device_id=DEVICE_ID,
    )
    return partner_refund_no, answer


first_refund_no, first_refund = refund("10000.00")
check_answer("partial refund", first_refund, "2005800")
check("partnerRefundNo", first_refund.partner_refund_no, first_refund_no)
check("refundAmount", first_refund.refund_amount, {"value": "10000.00", "currency": "IDR"})
check("originalPartnerReferenceNo", first_refund.original_partner_reference_no, partner_reference_no)
if not first_refund.refund_no or not first_refund.refund_time:
    sys.exit("refund: no refundNo or no refundTime")
check("status after a partial refund", status().latest_transaction_status, "00")

told = is_told("partial refund", 3)["all"]
info = told["additionalInfo"]
check("partial refund, told", (told["latestTransactionStatus"], info["refundStatus"]), ("00", "00"))
check("partial refund, told its number", info["partnerRefundNo"], first_refund_no)
check("partial refund, told its amount", info["refundAmount"], {"value": "10000.00", "currency": "IDR"})

_, too_much = refund("15000.01")
check_answer("refund of more than is left", too_much, "4045813")

_, rest = refund("15000.00")
check_answer("refund of the rest", rest, "2005800")
refunded = status()
check("status after the last refund", refunded.latest_transaction_status, "04")
amounts = sorted(entry["refundAmount"]["value"] for entry in refunded.refund_history)
check("refundHistory", amounts, ["10000.00", "15000.00"])
check("balance after the refunds", balance(), before)
check("full refund, told", is_told("full refund", 4)["latestTransactionStatus"], "04")

# --- unbinding -------------------------------------------------------------------------------------
unbinding = snap.do_account_unbinding(
    AccountUnbindingRequest(
        token=customer_token.access_token,
        additional_info=AccountUnbindingAdditionalInfoRequest(channel=CHANNEL),
    ),
    ip_address=IP_ADDRESS,
)
check_answer("unbinding", unbinding, "2000900")
if not unbinding.reference_no:
    sys.exit("unbinding: no referenceNo")

told = is_told("unbinding", 5)["binding"]["additionalInfo"]
check("unbinding, told", (told["status"], told["custIdMerchant"]), ("FAILED", "cust-001"))
check("the merchant's token was asked for once and used for all", merchant.tokens, 1)

check_answer("customer token after unbinding", snap.get_token_b2b2c(auth_code), "4017400")
# The SDK keeps its last customer token and tries to pay with it.
check_answer("payment after unbinding", pay(reference(), "1000.00"), "4015402")
print("done")
