//! Bytes into lines, as .NET's `StreamReader.ReadLine` does it.

/// Splits one stream. LF, CR LF and a CR alone end a line.
#[derive(Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
    after_return: bool,
}

impl Lines {
    /// The lines that bytes of a stream complete, of which none are its end.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        if bytes.is_empty() {
            return self.finish().into_iter().collect();
        }
        self.push(bytes)
    }

    /// The lines that these bytes complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for byte in bytes {
            let second_half = self.after_return && *byte == b'\n';
            self.after_return = *byte == b'\r';
            match byte {
                b'\n' if second_half => {}
                b'\n' | b'\r' => lines.push(self.take()),
                other => self.rest.push(*other),
            }
        }
        lines
    }

    /// What stood after the last line's end, when the stream has ended.
    pub(crate) fn finish(&mut self) -> Option<String> {
        (!self.rest.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.rest)).into_owned()
    }
}

#[test]
fn every_kind_of_line_end_counts_once() {
    let mut lines = Lines::default();
    assert_eq!(lines.push(b"a\nb\r"), ["a", "b"]);
    assert_eq!(lines.push(b"\n\nc\rd"), ["", "c"]);
    assert_eq!(lines.finish().as_deref(), Some("d"));
    assert_eq!(lines.finish(), None);
}
