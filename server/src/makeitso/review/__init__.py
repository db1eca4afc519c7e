"""Changes and hunks as values: parse, split, choose, mark, judge paths, render. No IO."""
