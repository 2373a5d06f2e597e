//! The sentences that are sent: `grammar/replies/zh.toml`.

use super::{GrammarError, Source};

/// All sentences.
#[derive(Debug, Default)]
pub struct Replies {}

impl Replies {
    pub(super) fn read(_sources: &[Source], _errors: &mut Vec<GrammarError>) -> Replies {
        Replies {}
    }
}
