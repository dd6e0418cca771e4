//! The linking of a customer's account.

use snap::messages::binding::{BindingInfo, BindingRequest};

use super::{Invalid, ReturnTo, checked_with_schemes};

/// The system of the customer's phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Os {
    /// `ios`.
    Ios,
    /// `android`.
    Android,
}

/// What the customer uses the merchant's shop through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// `app`.
    App,
    /// `web`.
    Web,
}

/// What the customer holds in hand; Allo wants to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handset {
    /// The model, 1 to 64 characters.
    pub model: String,
    /// Its system.
    pub os: Os,
    /// App or web.
    pub through: Through,
}

/// Asks to link a customer's account (service 07).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBinding {
    pub(crate) message: BindingRequest,
}

impl NewBinding {
    /// Links the account of this phone number, for the customer whom the merchant calls by this
    /// id (1 to 64 characters).
    ///
    /// # Errors
    /// [`Invalid`] names the field that is wrong.
    pub fn new(
        phone_no: &str,
        customer_id: &str,
        handset: &Handset,
        return_to: &ReturnTo,
    ) -> Result<Self, Invalid> {
        let os_type = match handset.os {
            Os::Ios => "ios",
            Os::Android => "android",
        };
        let channel_id = match handset.through {
            Through::App => "app",
            Through::Web => "web",
        };
        Self::checked(BindingRequest {
            phone_no: phone_no.to_owned(),
            additional_info: BindingInfo {
                cust_id_merchant: customer_id.to_owned(),
                success_registration_url: return_to.success.clone(),
                failed_registration_url: return_to.failed.clone(),
                device_model: handset.model.clone(),
                os_type: os_type.to_owned(),
                channel_id: channel_id.to_owned(),
                ..BindingInfo::default()
            },
        })
    }

    /// With the customer's name, at most 70 characters.
    ///
    /// # Errors
    /// [`Invalid`] when it is longer.
    pub fn customer_name(self, name: &str) -> Result<Self, Invalid> {
        self.with(|info| info.customer_name = Some(name.to_owned()))
    }

    /// With the customer's e-mail address, at most 256 characters.
    ///
    /// # Errors
    /// [`Invalid`] when it is longer.
    pub fn email(self, email: &str) -> Result<Self, Invalid> {
        self.with(|info| info.email = Some(email.to_owned()))
    }

    /// With the number of the customer's identity card, at most 20 characters.
    ///
    /// # Errors
    /// [`Invalid`] when it is longer.
    pub fn id_card(self, number: &str) -> Result<Self, Invalid> {
        self.with(|info| info.id_card = Some(number.to_owned()))
    }

    /// With the customer's country, at most 60 characters.
    ///
    /// # Errors
    /// [`Invalid`] when it is longer.
    pub fn country(self, country: &str) -> Result<Self, Invalid> {
        self.with(|info| info.country = Some(country.to_owned()))
    }

    /// With the customer's address, at most 255 characters.
    ///
    /// # Errors
    /// [`Invalid`] when it is longer.
    pub fn address(self, address: &str) -> Result<Self, Invalid> {
        self.with(|info| info.address = Some(address.to_owned()))
    }

    /// With the customer's day of birth, `YYYYMMDD`.
    ///
    /// # Errors
    /// [`Invalid`] when there is no such day.
    pub fn date_of_birth(self, day: &str) -> Result<Self, Invalid> {
        self.with(|info| info.date_of_birth = Some(day.to_owned()))
    }

    fn with(mut self, change: impl FnOnce(&mut BindingInfo)) -> Result<Self, Invalid> {
        change(&mut self.message.additional_info);
        Self::checked(self.message)
    }

    fn checked(message: BindingRequest) -> Result<Self, Invalid> {
        let info = &message.additional_info;
        let urls = [
            info.success_registration_url.clone(),
            info.failed_registration_url.clone(),
        ];
        let [success, failed] = &urls;
        let message = checked_with_schemes(message, &[success, failed])?;
        Ok(Self { message })
    }
}
