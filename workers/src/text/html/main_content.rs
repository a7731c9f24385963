//! The port to what finds a page's content among its menus, margins and notices.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::Html;

use super::measure::Measure;

/// The part of a page that is read.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    /// Only what is in this element is read.
    pub(super) root: NodeId,
    /// Elements in it that are not.
    pub(super) left_out: HashSet<NodeId>,
}

impl Selection {
    pub(super) fn whole(page: &Html) -> Self {
        Self { root: page.root_element().id(), left_out: HashSet::new() }
    }
}

pub(super) trait MainContent {
    /// Never leaves out all text. What is hidden is left out in any case.
    fn select(&self, page: &Html, measure: &Measure) -> Selection;
}
