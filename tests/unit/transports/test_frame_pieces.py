"""Cutting bytes after a number of HTTP/2 frames, however they arrive."""

from __future__ import annotations

import random

import pytest
from awaken.transports.http2.frame_pieces import FramePieces


def frame(size: int) -> bytes:
    return size.to_bytes(3) + bytes(6) + bytes(size)


SIZES = [0, 1, 8, 9, 10, 100, 16_384, 0, 0, 255, 256, 65_536, 3]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("most", [1, 2, 5, 100])
def test_pieces_are_what_came_and_have_no_more_frames_than_asked_for(seed: int, most: int) -> None:
    chance = random.Random(seed)
    stream = b"".join(map(frame, SIZES * 3))
    pieces = FramePieces()
    taken = b""
    count = 0
    at = 0

    while at < len(stream):
        size = chance.choice([1, 5, 9, 1000, 100_000])
        pieces.add(stream[at : at + size])
        at += size
        while pieces:
            piece, frames = pieces.take(most)
            assert frames <= most
            taken += piece
            count += frames
            if chance.random() < 0.3:
                break  # the rest is still there when more comes

    while pieces:
        piece, frames = pieces.take(most)
        taken += piece
        count += frames
    assert taken == stream
    assert count == len(SIZES) * 3


def test_large_frames_are_not_cut_needlessly() -> None:
    pieces = FramePieces()
    data = frame(16_384) * 16
    pieces.add(data)

    assert pieces.take(64) == (data, 16)
    assert not pieces


def test_bytes_of_another_protocol_come_through() -> None:
    pieces = FramePieces()
    text = b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100
    pieces.add(text)
    taken = b""

    while pieces:
        taken += pieces.take(3)[0]

    assert taken == text


def test_what_is_cleared_is_gone() -> None:
    pieces = FramePieces()
    pieces.add(frame(10) * 5)
    pieces.take(1)

    pieces.clear()

    assert not pieces
    assert pieces.take(5) == (b"", 0)
