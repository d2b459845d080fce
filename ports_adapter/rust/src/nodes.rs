//! The model's nodes: every vector that is computed on the way from tokens to logits.
//!
//! They are kept because the backward pass needs them; keys and values also because later
//! positions attend to them. Their gradients are kept in the same shape.

use crate::float::Float;

/// One row for each position, one after the other in one vector.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    numbers: Vec<T>,
    /// Where each row ends. Attention's rows grow with the number of positions seen.
    ends: Vec<usize>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { numbers: Vec::new(), ends: Vec::new() }
    }
}

impl<T: Float> Rows<T> {
    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// Files a row, and hands it back.
    pub fn keep(&mut self, row: Vec<T>) -> Vec<T> {
        self.numbers.extend_from_slice(&row);
        self.ends.push(self.numbers.len());
        row
    }

    /// The row of this position.
    #[must_use]
    pub fn row(&self, position: usize) -> &[T] {
        &self.numbers[self.start(position)..self.ends[position]]
    }

    /// The same, to be written to.
    pub fn row_mut(&mut self, position: usize) -> &mut [T] {
        let start = self.start(position);
        &mut self.numbers[start..self.ends[position]]
    }

    /// The rows up to this position, and its own.
    #[must_use]
    pub fn through(&self, position: usize) -> &[T] {
        &self.numbers[..self.ends[position]]
    }

    /// The same, to be written to.
    pub fn through_mut(&mut self, position: usize) -> &mut [T] {
        &mut self.numbers[..self.ends[position]]
    }

    /// All rows in turn.
    pub fn iter(&self) -> impl Iterator<Item = &[T]> {
        (0..self.count()).map(|position| self.row(position))
    }

    fn start(&self, position: usize) -> usize {
        if position == 0 { 0 } else { self.ends[position - 1] }
    }

    fn zeros_like(&self) -> Self {
        Self { numbers: vec![T::ZERO; self.numbers.len()], ends: self.ends.clone() }
    }
}

/// A struct of rows whose fields' names are those of the protocol, with what must be said of each
/// field alike.
macro_rules! struct_of_rows {
    ($(#[$about:meta])* $struct:ident { $($(#[$doc:meta])* $field:ident,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $struct<T> {
            $($(#[$doc])* pub $field: Rows<T>,)*
        }

        impl<T> Default for $struct<T> {
            fn default() -> Self {
                Self { $($field: Rows::default(),)* }
            }
        }

        impl<T: Float> $struct<T> {
            /// Rows of the same lengths, all 0.
            fn zeros_like(&self) -> Self {
                Self { $($field: self.$field.zeros_like(),)* }
            }

            /// The rows by their names, in the order they are computed.
            fn named(&self) -> Vec<(&'static str, &Rows<T>)> {
                vec![$((stringify!($field), &self.$field),)*]
            }
        }
    };
}

struct_of_rows! {
    /// The nodes of a layer. Rows are `[n_embd]` where nothing else is said.
    BlockNodes {
        /// The norm before attention.
        attn_norm,
        /// The query.
        q,
        /// The key.
        k,
        /// The value.
        v,
        /// `[n_head][position + 1]`.
        attn_scores,
        /// `[n_head][position + 1]`.
        attn_weights,
        /// The heads' outputs, one after the other.
        attn_heads,
        /// After `attn_wo`.
        attn_out,
        /// After adding what came into the layer.
        attn_residual,
        /// The norm before the perceptron.
        mlp_norm,
        /// `[4 n_embd]`: after `mlp_fc1`.
        mlp_hidden,
        /// `[4 n_embd]`: after the activation.
        mlp_activation,
        /// After `mlp_fc2`.
        mlp_out,
        /// After adding `attn_residual`; this leaves the layer.
        mlp_residual,
    }
}

struct_of_rows! {
    /// The nodes before the layers.
    Entrance {
        /// `wte[token] + wpe[position]`.
        embedding,
        /// Its norm.
        input_norm,
    }
}

/// All nodes of the model.
#[derive(Clone, Debug)]
pub struct Nodes<T> {
    /// What comes before the layers.
    pub entrance: Entrance<T>,
    /// Each layer's.
    pub blocks: Vec<BlockNodes<T>>,
    /// `[vocab_size]`.
    pub logits: Rows<T>,
}

impl<T: Float> Nodes<T> {
    /// No positions yet.
    #[must_use]
    pub fn new(n_layer: usize) -> Self {
        Self {
            entrance: Entrance::default(),
            blocks: (0..n_layer).map(|_| BlockNodes::default()).collect(),
            logits: Rows::default(),
        }
    }

    /// Nodes of the same shape, all 0: gradients before any is known.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        Self {
            entrance: self.entrance.zeros_like(),
            blocks: self.blocks.iter().map(BlockNodes::zeros_like).collect(),
            logits: self.logits.zeros_like(),
        }
    }

    /// What comes into a layer, or from the last one into the logits.
    #[must_use]
    pub fn stream(&self, layer: usize) -> &Rows<T> {
        match layer {
            0 => &self.entrance.input_norm,
            _ => &self.blocks[layer - 1].mlp_residual,
        }
    }

    /// The nodes by the protocol's names, in the order they are computed.
    #[must_use]
    pub fn named(&self) -> Vec<(String, &Rows<T>)> {
        let entrance = self.entrance.named().into_iter();
        let mut named: Vec<_> = entrance.map(|(name, rows)| (name.to_owned(), rows)).collect();
        for (layer, block) in self.blocks.iter().enumerate() {
            let nodes = block.named().into_iter();
            named.extend(nodes.map(|(name, rows)| (format!("layer{layer}.{name}"), rows)));
        }
        named.push(("logits".to_owned(), &self.logits));
        named
    }
}
