//! A gzip body that grows a hundred and fifty times when it is unpacked.

/// A well-formed gzip file of about `size` blanks.
///
/// One deflate block of the fixed code: a blank, then matches of 258 bytes at
/// distance 1, 13 bits each.
pub(super) fn blanks(size: usize) -> Vec<u8> {
    let matches = size / 258;
    let mut bits = Bits { bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], pending: 0, count: 0 };
    bits.push(0b011, 3);
    bits.push_code(0x30 + 0x20, 8);
    for _ in 0..matches {
        bits.push_code(0b1100_0101, 8);
        bits.push_code(0, 5);
    }
    bits.push_code(0, 7);
    let mut bytes = bits.finish();
    let length = matches * 258 + 1;
    bytes.extend(crc_of_blanks(length).to_le_bytes());
    bytes.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    bytes
}

struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    /// Appends the lowest `width` bits, lowest first.
    fn push(&mut self, value: u32, width: u32) {
        self.pending |= value << self.count;
        self.count += width;
        while self.count >= 8 {
            self.bytes.extend(self.pending.to_le_bytes().first());
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// Appends a Huffman code, which deflate writes highest bit first.
    fn push_code(&mut self, code: u32, width: u32) {
        self.push(code.reverse_bits() >> (32 - width), width);
    }

    fn finish(mut self) -> Vec<u8> {
        self.push(0, (8 - self.count) % 8);
        self.bytes
    }
}

fn crc_of_blanks(length: usize) -> u32 {
    // The step for one blank is the same linear map each time, but a table
    // look-up is quick enough and simpler than squaring that map.
    let table: Vec<u32> = (0u32..256)
        .map(|byte| (0..8).fold(byte, |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())))
        .collect();
    let step = |crc: u32, _| {
        let at = usize::from(crc.to_le_bytes()[0] ^ b' ');
        table.get(at).copied().unwrap_or(0) ^ (crc >> 8)
    };
    !(0..length).fold(u32::MAX, step)
}
