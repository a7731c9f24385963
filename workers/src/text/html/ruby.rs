//! Readings of words (`ruby`): they stand in parentheses after all the words, which else would be torn apart: `漢字(かんじ)`
//! of `<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>`.

#[derive(Debug, Default)]
pub(super) struct Ruby {
    /// How many of each are open.
    words: usize,
    readings: usize,
    parentheses: usize,
    reading: String,
}

impl Ruby {
    /// Whether the element is part of one.
    pub(super) fn open(&mut self, name: &str) -> bool {
        match name {
            "ruby" => self.words += 1,
            "rt" | "rtc" if self.words > 0 => self.readings += 1,
            "rp" if self.words > 0 => self.parentheses += 1,
            _ => return false,
        }
        true
    }

    /// Whether the element is part of one, and what stands after all words.
    pub(super) fn close(&mut self, name: &str) -> (bool, Option<String>) {
        match name {
            "ruby" => self.words = self.words.saturating_sub(1),
            "rt" | "rtc" if self.words > 0 => self.readings = self.readings.saturating_sub(1),
            "rp" if self.words > 0 => self.parentheses = self.parentheses.saturating_sub(1),
            _ => return (false, None),
        }
        let ends = self.words == 0 && !self.reading.is_empty();
        (true, ends.then(|| format!("({})", std::mem::take(&mut self.reading))))
    }

    /// Takes what is no word.
    pub(super) fn takes(&mut self, text: &str) -> bool {
        let takes = self.readings > 0 || self.parentheses > 0;
        if takes && self.parentheses == 0 {
            self.reading.push_str(text.trim());
        }
        takes
    }
}
