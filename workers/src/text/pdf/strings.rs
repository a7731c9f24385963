//! Text strings of ISO 32000-2, 7.9.2: UTF-16 or UTF-8 with a mark, or PDFDocEncoding.

/// 0x80 to 0x9f of PDFDocEncoding; below and above it agrees with Latin-1 but for 0xa0.
const HIGH: &str = "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž\u{fffd}€";
/// 0x18 to 0x1f of PDFDocEncoding.
const LOW: &str = "˘ˇˆ˙˝˛˚˜";

pub(super) fn decode(bytes: &[u8]) -> String {
    let pairs = |rest: &[u8], join: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| join([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xfe, 0xff, rest @ ..] => pairs(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => pairs(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|byte| letter(*byte)).collect(),
    }
}

fn letter(byte: u8) -> char {
    let of = |table: &str, first: u8| table.chars().nth(usize::from(byte - first)).unwrap_or('\u{fffd}');
    match byte {
        0x18..=0x1f => of(LOW, 0x18),
        0x80..=0xa0 => of(HIGH, 0x80),
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_all_three_encodings_are_read() {
        assert_eq!(decode(b"caf\xe9 \x80 \xa0 \x1f"), "café • € ˜");
        assert_eq!(decode(b"\xfe\xff\x00\xe9\x20\xac"), "é€");
        assert_eq!(decode(b"\xef\xbb\xbf\xc3\xa9"), "é");
        assert_eq!(decode(b"\xfe\xff\x00"), "");
    }
}
