//! The secrets and keys that were named, and how they are told: by fingerprint only.

use std::path::Path;

use anyhow::Context as _;
use snap::mistakes::private_key_form;
use snap::{PrivateKey, PublicKey, Secret, signature};

use crate::cli::KeyArgs;
use crate::sandbox::Addresses;
use crate::{environment, files};

/// What was named.
#[derive(Default)]
pub struct Keys {
    /// The client id of the sandbox's demo merchant.
    pub client_id: Option<String>,
    /// The secret to sign with.
    pub secret: Option<Secret>,
    /// Secrets that may have been taken for it.
    pub other_secrets: Vec<Secret>,
    /// The key to sign with.
    pub private: Option<PrivateKey>,
    /// The key to check with; at most one.
    pub public: Vec<PublicKey>,
    /// What is odd about the files.
    pub notes: Vec<String>,
}

impl Keys {
    /// Reads the files.
    pub fn read(args: &KeyArgs) -> anyhow::Result<Self> {
        let mut keys = Self::default();
        let mut private_key = args.private_key.clone();
        let mut public_key = args.public_key.clone();
        if let Some(folder) = &args.sandbox {
            let sandbox = Addresses::read(folder)?;
            keys.client_id = Some(sandbox.client_id);
            keys.secret = Some(sandbox.client_secret);
            keys.other_secrets.push(sandbox.notification_secret);
            private_key.get_or_insert(sandbox.merchant_private_key);
            public_key.get_or_insert(sandbox.merchant_public_key);
        }
        if let Some(file) = &args.secret_file {
            keys.secret = Some(files::read_secret(file)?);
        } else if keys.secret.is_none() {
            keys.secret = environment::secret("GERBANG_CLIENT_SECRET");
        }
        for file in &args.other_secret_file {
            keys.other_secrets.push(files::read_secret(file)?);
        }
        if let Some(file) = private_key {
            keys.read_private(&file)?;
        }
        if let Some(file) = public_key {
            let key = PublicKey::from_pem(&files::read_text(&file)?);
            let key = key.with_context(|| format!("{} holds no usable key", file.display()))?;
            keys.public = vec![key];
        }
        Ok(keys)
    }

    /// How the secret may be told to people who have it.
    pub fn secret_fingerprint(&self) -> Option<String> {
        let digest = signature::digest_hex(self.secret.as_ref()?.expose().as_bytes());
        Some(format!("sha256:{}…", digest.get(..8)?))
    }

    /// How the public key is told.
    pub fn public_fingerprint(&self) -> Option<String> {
        Some(format!("sha256:{}", self.public.first()?.fingerprint()))
    }

    fn read_private(&mut self, file: &Path) -> anyhow::Result<()> {
        let text = files::read_text(file)?;
        let key = PrivateKey::from_pem(&text);
        let key = key.with_context(|| format!("{} holds no usable key", file.display()))?;
        let note = private_key_form(&text).and_then(|form| form.note);
        if let Some(note) = note {
            self.notes.push(format!("{}: {note}", file.display()));
        }
        self.public
            .extend(PublicKey::from_pem(&key.public_key_pem()));
        self.private = Some(key);
        Ok(())
    }
}
