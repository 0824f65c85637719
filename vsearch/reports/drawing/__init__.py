"""The neutral figure drawn by Plotly for browsers, and by matplotlib for files."""
