"""What the pages share: the frame of a page, its policy, its style, and how numbers are written.

A page is one self-contained HTML file: the page of a training run (`run_page`) and the page of an audit (`audit`).
"""
