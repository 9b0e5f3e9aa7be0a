"""Files: upload in three steps, what is known of them, and their bytes for the page."""

import mimetypes
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.demo.workspace.state.refusal import Refusal
from bot.demo.workspace.state.space import BOT_USER

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"})
# A file is somebody else's text: it may be looked at and kept, never run in the page's name.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "no-store",
}


class Files:
    """Every file of the workspace, in memory."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}
        self._bytes: dict[str, bytes] = {}
        self._shared: set[str] = set()

    def offer(self, base: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """files.getUploadURLExternal: a place for so many bytes."""
        length, name = str(values.get("length") or ""), str(values.get("filename") or "")
        if not length.isdecimal() or int(length) <= 0 or not name:
            raise Refusal("invalid_arguments", ["[ERROR] filename and a length above 0 are needed"])
        id = f"F{len(self._rows) + 1:08d}"
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        where = f"{base}/workspace/files/{id}"
        self._rows[id] = {
            "id": id, "name": name, "title": name, "mimetype": kind, "size": None,
            "filetype": name.rpartition(".")[2].lower() if "." in name else "",
            "user": BOT_USER, "created": int(time.time()), "timestamp": int(time.time()),
            "mode": "hosted", "alt_txt": str(values.get("alt_txt") or ""),
            "url_private": where, "url_private_download": f"{where}?download=1",
        }  # fmt: skip
        return {"file_id": id, "upload_url": f"{base}/upload/{id}"}

    async def upload(self, request: web.Request) -> web.Response:
        """POST /upload/{id}: the bytes themselves."""
        id = request.match_info["id"]
        if id not in self._rows:
            return web.Response(status=404, text="file_not_found")
        self._bytes[id] = await request.read()
        self._rows[id]["size"] = len(self._bytes[id])
        return web.Response(text=f"OK - {len(self._bytes[id])}")

    def complete(self, asked: Any) -> list[dict[str, Any]]:
        """files.completeUploadExternal: the files, which from now on exist."""
        rows = [row for row in asked if isinstance(row, dict)] if isinstance(asked, list) else []
        if not rows:
            raise Refusal("invalid_arguments", ["[ERROR] files must be a list of ids"])
        found = [self._rows.get(str(row.get("id"))) for row in rows]
        ready = [file for file in found if file is not None and file["size"]]
        if len(ready) != len(rows):
            raise Refusal("file_not_found")
        for file, row in zip(ready, rows, strict=True):
            file["title"] = str(row.get("title") or file["name"])
            self._shared.add(file["id"])
        return ready

    def info(self, id: str) -> dict[str, Any]:
        """files.info: one file that was uploaded in full."""
        if id not in self._shared:
            raise Refusal("file_not_found")
        return self._rows[id]

    def known(self, place: str) -> bool:
        """Say whether an image may name this file, by id or by its private address."""
        return place.rpartition("/")[2] in self._shared

    async def read(self, request: web.Request) -> web.Response:
        """GET /workspace/files/{id}: a picture to look at, anything else to keep."""
        id = request.match_info["id"]
        if id not in self._shared:
            raise web.HTTPNotFound(text="there is no such file")
        row = self._rows[id]
        keep = "download" in request.query or row["mimetype"] not in PICTURES
        name = row["name"].replace('"', "_").encode("ascii", "replace").decode()
        headers = {**HARMLESS, "Content-Disposition": f'attachment; filename="{name}"'}
        if not keep:
            headers.pop("Content-Disposition")
        return web.Response(body=self._bytes[id], content_type=row["mimetype"], headers=headers)
