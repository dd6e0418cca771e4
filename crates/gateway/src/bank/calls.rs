//! The operations of a bank by name; each is one call of [`Bank::ask`] with its service and path.

use snap::messages::bank::{
    B2b2cRequest, B2b2cResponse, BalanceResponse, BankBalanceRequest, BankBindingInquiryRequest,
    BankBindingInquiryResponse, BankBindingRequest, BankBindingResponse, BankCancelRequest,
    BankCancelResponse, BankPaymentRequest, BankRefundRequest, BankStatusRequest,
    BankUnbindingRequest, PaymentResponse, RefundResponse, StatementRequest, StatementResponse,
    StatusResponse, UnbindingResponse,
};
use snap::{Case, Secret, Service, paths};

use super::asked::Asked;
use super::client::Bank;

impl Bank {
    /// 07: opens a page on which the customer links an account.
    pub async fn bind(&self, request: &BankBindingRequest) -> Asked<BankBindingResponse> {
        self.ask(Service::BINDING, paths::BANK_BINDING, request, None)
            .await
    }

    /// 08: what became of a link.
    pub async fn binding_inquiry(
        &self,
        request: &BankBindingInquiryRequest,
    ) -> Asked<BankBindingInquiryResponse> {
        self.ask(
            Service::BINDING_INQUIRY,
            paths::BANK_BINDING_INQUIRY,
            request,
            None,
        )
        .await
    }

    /// 74: a customer's token, for the authCode of a link or for a refresh token.
    pub async fn customer_token(&self, request: &B2b2cRequest) -> Asked<B2b2cResponse> {
        self.ask(Service::TOKEN_B2B2C, paths::BANK_TOKEN_B2B2C, request, None)
            .await
    }

    /// 09: ends a link. Repeating it is a success. The customer's token is in the body, so a bank that does not
    /// know it (401 02) has no link any more.
    pub async fn unbind(&self, request: &BankUnbindingRequest) -> Asked<UnbindingResponse> {
        let asked = self
            .ask(Service::UNBINDING, paths::BANK_UNBINDING, request, None)
            .await;
        match asked {
            Asked::Refused(no)
                if request.token_id.is_some()
                    && no.code.case() == Some(Case::InvalidCustomerToken) =>
            {
                Asked::Unlinked(no)
            }
            other => other,
        }
    }

    /// 11: the customer's balances.
    pub async fn balance(
        &self,
        request: &BankBalanceRequest,
        customer: &Secret,
    ) -> Asked<BalanceResponse> {
        self.ask(
            Service::BALANCE,
            paths::BANK_BALANCE,
            request,
            Some(customer),
        )
        .await
    }

    /// 54: opens a page on which the customer pays. Repeated only under the same reference.
    pub async fn pay(
        &self,
        request: &BankPaymentRequest,
        customer: &Secret,
    ) -> Asked<PaymentResponse> {
        self.ask(
            Service::PAYMENT,
            paths::BANK_PAYMENT,
            request,
            Some(customer),
        )
        .await
    }

    /// 55: what became of a payment.
    pub async fn status(&self, request: &BankStatusRequest) -> Asked<StatusResponse> {
        self.ask(Service::STATUS, paths::BANK_STATUS, request, None)
            .await
    }

    /// 57: ends a payment that has not moved money. Repeating it is a success.
    pub async fn cancel(&self, request: &BankCancelRequest) -> Asked<BankCancelResponse> {
        self.ask(Service::CANCEL, paths::BANK_CANCEL, request, None)
            .await
    }

    /// 58: gives money back. The same refund id with the same content is the same refund, so a bank
    /// that calls a repeat inconsistent (404 18) has done it before.
    pub async fn refund(&self, request: &BankRefundRequest) -> Asked<RefundResponse> {
        let asked = self
            .ask(Service::REFUND, paths::BANK_REFUND, request, None)
            .await;
        match asked {
            Asked::Refused(refusal) if refusal.code.case() == Some(Case::InconsistentRequest) => {
                Asked::Done(RefundResponse {
                    response_code: refusal.code.to_string(),
                    response_message: refusal.message,
                    ..RefundResponse::default()
                })
            }
            other => other,
        }
    }

    /// 14: what the bank booked between two times.
    pub async fn statement(&self, request: &StatementRequest) -> Asked<StatementResponse> {
        self.ask(
            Service::BANK_STATEMENT,
            paths::BANK_STATEMENT,
            request,
            None,
        )
        .await
    }
}
