//! From a corpus to tokens.

use std::collections::BTreeSet;

/// The documents of a corpus: its lines, stripped of white space, without the blank ones.
///
/// A line ends with LF, CRLF or CR. That CRLF makes a blank line more does not matter.
pub fn documents(text: &str) -> Vec<&str> {
    let lines = text.split(['\n', '\r']).map(|line| line.trim_matches(is_stripped));
    lines.filter(|line| !line.is_empty()).collect()
}

/// Whether Python's `strip` takes it away: Unicode's white space, and four separators of ASCII.
fn is_stripped(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}

/// A token is a character's place among all characters, sorted; BOS comes after them all.
pub struct Tokenizer {
    pub characters: Vec<char>,
}

impl Tokenizer {
    pub fn new(documents: &[&str]) -> Self {
        let characters: BTreeSet<char> = documents.iter().flat_map(|d| d.chars()).collect();
        Self { characters: characters.into_iter().collect() }
    }

    pub fn bos(&self) -> usize {
        self.characters.len()
    }

    pub fn vocab_size(&self) -> usize {
        self.characters.len() + 1
    }

    /// The tokens of a document, BOS at both ends.
    ///
    /// # Panics
    ///
    /// The document holds a character that is not among the known ones.
    pub fn encode(&self, document: &str) -> Vec<usize> {
        let token = |character| self.characters.binary_search(&character).expect("known");
        let mut tokens = vec![self.bos()];
        tokens.extend(document.chars().map(token));
        tokens.push(self.bos());
        tokens
    }
}
