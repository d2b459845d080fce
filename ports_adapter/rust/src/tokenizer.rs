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

/// What stands at the ends of a document: BOS begins it, EOS ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialTokens {
    /// One token is both; it comes after all characters.
    One,
    /// Two tokens; they come before all characters.
    Two,
}

impl SpecialTokens {
    /// The token that begins a document, where there are so many tokens, at least one.
    #[must_use]
    pub fn bos(self, vocab_size: usize) -> usize {
        match self {
            Self::One => vocab_size - 1,
            Self::Two => 0,
        }
    }

    /// The token that ends it.
    #[must_use]
    pub fn eos(self, vocab_size: usize) -> usize {
        match self {
            Self::One => self.bos(vocab_size),
            Self::Two => 1,
        }
    }

    /// How many there are.
    fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// The token of the first character.
    fn first_character(self) -> usize {
        match self {
            Self::One => 0,
            Self::Two => 2,
        }
    }
}

/// A token is a character's place among all characters, sorted, or a special one.
pub struct Tokenizer {
    characters: Vec<char>,
    special_tokens: SpecialTokens,
}

impl Tokenizer {
    /// A tokenizer for every character (code point) that occurs in the documents.
    #[must_use]
    pub fn of(documents: &[String], special_tokens: SpecialTokens) -> Self {
        let characters: BTreeSet<char> = documents.iter().flat_map(|text| text.chars()).collect();
        Self { characters: characters.into_iter().collect(), special_tokens }
    }

    /// All characters, in the order of their tokens.
    #[must_use]
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// The token that begins a document.
    #[must_use]
    pub fn bos(&self) -> usize {
        self.special_tokens.bos(self.vocab_size())
    }

    /// The token that ends it.
    #[must_use]
    pub fn eos(&self) -> usize {
        self.special_tokens.eos(self.vocab_size())
    }

    /// How many tokens there are.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        self.characters.len() + self.special_tokens.count()
    }

    /// The tokens of one of the documents that the tokenizer was made for, with those at its ends.
    #[must_use]
    pub fn encode(&self, document: &str) -> Vec<usize> {
        let first = self.special_tokens.first_character();
        let token = |c| first + self.characters.partition_point(|&other| other < c);
        let mut tokens = vec![self.bos()];
        tokens.extend(document.chars().map(token));
        tokens.push(self.eos());
        tokens
    }

    /// The text of a sample, given without the tokens at its ends. Where EOS is another token, a
    /// BOS may occur within; it is spelt out.
    #[must_use]
    pub fn decode(&self, tokens: &[usize]) -> String {
        let mut text = String::new();
        for token in tokens {
            let index = token.checked_sub(self.special_tokens.first_character());
            match index.and_then(|index| self.characters.get(index)) {
                Some(&c) => text.push(c),
                None => text.push_str("<BOS>"),
            }
        }
        text
    }
}
