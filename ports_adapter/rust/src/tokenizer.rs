//! From a corpus to tokens and back.

use std::collections::BTreeSet;

/// The documents of a corpus: its lines, stripped, without the blank ones.
///
/// A line ends with LF, CRLF or CR and nothing else, as Python reads text files. That a CRLF makes
/// a blank line here does no harm.
#[must_use]
pub fn documents_of(text: &str) -> Vec<String> {
    let lines = text.split(['\n', '\r']);
    let stripped = lines.map(|line| line.trim_matches(is_space));
    stripped.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// What Python's `str.strip` strips: Unicode's white space and four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

/// A token is a character's index among all characters, sorted; one more, BOS, marks the ends.
pub struct Tokenizer {
    characters: Vec<char>,
}

impl Tokenizer {
    /// A tokenizer for every character (code point) that occurs in the documents.
    #[must_use]
    pub fn of(documents: &[String]) -> Self {
        let characters: BTreeSet<char> = documents.iter().flat_map(|text| text.chars()).collect();
        Self { characters: characters.into_iter().collect() }
    }

    /// All characters, in the order of their tokens.
    #[must_use]
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// The special token.
    #[must_use]
    pub fn bos(&self) -> usize {
        self.characters.len()
    }

    /// How many tokens there are.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        self.characters.len() + 1
    }

    /// The tokens of one of the documents that the tokenizer was made for, BOS at both ends.
    #[must_use]
    pub fn encode(&self, document: &str) -> Vec<usize> {
        let token = |c| self.characters.partition_point(|&other| other < c);
        let ends = || std::iter::once(self.bos());
        ends().chain(document.chars().map(token)).chain(ends()).collect()
    }

    /// The text of tokens, BOS left out.
    #[must_use]
    pub fn decode(&self, tokens: &[usize]) -> String {
        tokens.iter().filter_map(|&token| self.characters.get(token)).collect()
    }
}
