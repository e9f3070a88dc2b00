//! Lookups by ciphertext: everything that the database may hold for one value.

use crate::context::{RowContext, Scope};
use crate::db::SealedValue;
use crate::error::{Error, ErrorKind};
use crate::keyring::Keyring;
use crate::keyring::error::KeyringError;
use crate::keyring::need::Need;
use crate::keys::{KeyId, KeyState};
use crate::model::Column;
use crate::suite::Suite;
use crate::value::{Field, Value};

/// How often a scope's keys are looked up. Where many more scopes are in use than keys are held,
/// what was read of one may be forgotten before it's used.
const LOOKUP_ATTEMPTS: u32 = 16;

impl Keyring {
    /// Seals a field of a column under [`Suite::Aes256Siv`] with every key that opens values of the
    /// scope, the primary first: all that the database may hold for that value until everything is
    /// under the primary. For lookups.
    ///
    /// ```
    /// # use fieldseal::{Column, Keyring, RowContext, Scope, Suite, kms, store};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let kms = kms::Local::create(dir.path().join("kek.json"))?;
    /// # let keyring = Keyring::start(kms, store::Memory::new())?;
    /// # keyring.admin().ensure_scope(&Scope::APPLICATION)?;
    /// const EMAIL: Column = Column::new("patients", "email").with_suite(Suite::Aes256Siv);
    /// let row = RowContext::default();
    /// let stored = keyring.seal(&EMAIL, &row, &"a@example.org".to_owned());
    /// keyring.admin().rotate(&Scope::APPLICATION)?;
    /// let candidates = keyring.seal_under_each_key(&EMAIL, &row, &"a@example.org".to_owned())?;
    /// assert!(candidates.len() == 2 && candidates.contains(&stored));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotDeterministic`] for another suite, [`ErrorKind::NoPrimary`] if the scope has
    /// no key. Others are inside the results, as for [`Self::seal`].
    pub fn seal_under_each_key<F: Field>(
        &self,
        column: &Column,
        row: &RowContext,
        field: &F,
    ) -> Result<Vec<SealedValue>, Error> {
        let keys = self.keys_for_lookup(column, &row.scope).map_err(|kind| Error::at(column, kind))?;
        let seal = |key| self.bindable(column, row, Some(key), field.value().map(Value::encode));
        Ok(keys.into_iter().map(seal).collect())
    }

    /// The keys that values of a deterministic column may be under, the primary first.
    pub(crate) fn keys_for_lookup(&self, column: &Column, scope: &Scope) -> Result<Vec<KeyId>, ErrorKind> {
        if column.suite() != Suite::Aes256Siv {
            return Err(ErrorKind::NotDeterministic);
        }
        for _ in 0..LOOKUP_ATTEMPTS {
            if let Some(ids) = self.inner.cache.openable(scope) {
                let now = self.inner.backends.now();
                // Nothing is sealed under a staged key yet; it isn't worth a failing KMS.
                let is_worth = |id: &KeyId| match self.inner.cache.key(*id).map(|key| key.state) {
                    Some(KeyState::Staged) => self.inner.cache.usable(*id, now).is_some(),
                    _ => true,
                };
                return Ok(ids.into_iter().filter(is_worth).collect());
            }
            drop(self.inner.miss(Need::Seal(scope.clone()))?);
        }
        Err(KeyringError::Contended(LOOKUP_ATTEMPTS).into())
    }
}
