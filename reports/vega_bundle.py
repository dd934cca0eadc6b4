"""Writes Vega, Vega-Lite and Vega-Embed as one JavaScript file: vega_bundle.py OUT.js"""

import pathlib
import sys

import vl_convert

bundle = vl_convert.javascript_bundle()
pathlib.Path(sys.argv[1]).write_text(bundle.replace("</script", "<\\/script"), encoding="utf-8")
