//! The life of a data key, after NIST SP 800-57 part 1.

use std::fmt;

/// Where a data key is in its life.
///
/// Not exhaustive, although a new state would be a new format of key stores: programs that match on
/// states go on compiling then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum KeyState {
    /// In the key store, and not yet used to seal: every running process can load it before the
    /// first value under it appears.
    Staged,
    /// Seals and opens values. A scope has at most one primary key.
    Primary,
    /// Opens values, and seals none: a primary key that was replaced.
    Active,
    /// Opens no values. Its wrapped copies still exist, so it can be made active again.
    Retired,
    /// Its wrapped copies are erased, and what was sealed under it can't be read again. The record
    /// stays, so that the id isn't used a second time.
    Destroyed,
}

impl KeyState {
    /// Every state, in the order of a key's life.
    pub const ALL: [Self; 5] = [Self::Staged, Self::Primary, Self::Active, Self::Retired, Self::Destroyed];

    /// The name that key stores use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Primary => "primary",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Destroyed => "destroyed",
        }
    }

    /// The state that key stores call `name`; `None` if there is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether values under a key in this state may be opened.
    #[must_use]
    pub const fn opens(self) -> bool {
        matches!(self, Self::Staged | Self::Primary | Self::Active)
    }

    /// Whether every process should have the key before it needs it: values under it appear now, or
    /// soon.
    pub(crate) const fn is_ahead(self) -> bool {
        matches!(self, Self::Staged | Self::Primary)
    }

    /// Checks one step of a key's life.
    ///
    /// | from | to |
    /// |---|---|
    /// | staged | primary, or destroyed if it was never used |
    /// | primary | active |
    /// | active | primary again (a rotation taken back), retired |
    /// | retired | active again (it was needed after all), destroyed |
    /// | destroyed | nothing |
    ///
    /// # Errors
    ///
    /// [`TransitionError`] for any other step.
    pub const fn step_to(self, to: Self) -> Result<Self, TransitionError> {
        use KeyState::{Active, Destroyed, Primary, Retired, Staged};
        match (self, to) {
            (Staged, Primary | Destroyed)
            | (Primary, Active)
            | (Active, Primary | Retired)
            | (Retired, Active | Destroyed) => Ok(to),
            _ => Err(self.cannot_become(to)),
        }
    }

    /// The error for a key in this state that was to become `to`, where a caller refuses the step.
    #[must_use]
    pub const fn cannot_become(self, to: Self) -> TransitionError {
        TransitionError { from: self, to }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A data key can't go from its state to the one that was asked for. [`KeyState::step_to`] has the
/// steps that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key that is {from} can't become {to}")]
#[non_exhaustive]
pub struct TransitionError {
    /// The state the key is in.
    pub from: KeyState,
    /// The state that was asked for.
    pub to: KeyState,
}

impl TransitionError {
    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self.from {
            KeyState::Staged => "promote the key first",
            KeyState::Primary => "rotate the key's scope first",
            KeyState::Active => "retire the key first, once nothing is sealed under it any more",
            KeyState::Retired => "reactivate the key first",
            KeyState::Destroyed => "use another key: a destroyed one stays destroyed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_exactly_the_documented_steps() {
        let allowed: Vec<_> = KeyState::ALL
            .into_iter()
            .flat_map(|from| KeyState::ALL.map(|to| (from, to)))
            .filter(|(from, to)| from.step_to(*to).is_ok())
            .map(|(from, to)| format!("{from}-{to}"))
            .collect();
        let expected = "staged-primary staged-destroyed primary-active active-primary active-retired \
                        retired-active retired-destroyed";
        assert_eq!(allowed.join(" "), expected);
    }

    #[test]
    fn names_are_read_back() {
        for state in KeyState::ALL {
            assert_eq!(KeyState::from_name(state.name()), Some(state));
        }
        assert_eq!(KeyState::from_name("Primary"), None);
    }
}
