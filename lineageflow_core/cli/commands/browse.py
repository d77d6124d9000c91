"""`ls` and `cat`: looking into a state of a repository."""

import codecs
import io
import shutil
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Annotated, BinaryIO

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.escaping import visible
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AllowQuarantinedOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError
from lineageflow_core.model.address import Address
from lineageflow_core.model.objects import Item, ItemKind, ObjectEntry
from lineageflow_core.model.page import every

_FOLDER_COLUMNS = (
    Column(name=""),
    Column(name="path"),
    Column(name="objects", right=True),
    Column(name="size", right=True),
    Column(name="id"),
)
_OBJECT_COLUMNS = (Column(name="path"), Column(name="size", right=True), Column(name="id"))
_KINDS = {ItemKind.DATASET: ("▭", "id"), ItemKind.FOLDER: ("▸", "dim"), ItemKind.OBJECT: ("·", "dim")}

AddressArgument = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS", help="lf://repository/@ref/path, or @ref/path, or path.", show_default=False
    ),
]


def ls(
    invocation: Invocation,
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="Where; else the default branch, from the top.", show_default=False
        ),
    ] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Every object below.")] = False,
) -> None:
    """List datasets, folders and objects."""
    place = invocation.places.located(address)
    if recursive:
        invocation.output.listing(_objects(invocation, place), _OBJECT_COLUMNS, _object_row)
    else:
        invocation.output.listing(_items(invocation, place), _FOLDER_COLUMNS, _item_row)


def cat(
    invocation: Invocation, address: AddressArgument, allow_quarantined: AllowQuarantinedOption = False
) -> None:
    """Print the bytes of an object.

    In a terminal, what would steer it is shown as escapes.
    """
    place = invocation.places.located(address)
    assert place.ref is not None  # `located` fills it in
    entry = invocation.catalog.objects.get_object(place.repository, place.ref, place.path)
    invocation.admit(place, allow_quarantined=allow_quarantined)
    output = invocation.output
    with invocation.catalog.content.open(place.repository, entry.object_id) as stream:
        if output.json:
            output.document({"object": entry, "content": b64encode(stream.read()).decode()})
        elif output.is_terminal:
            _print_text(invocation, stream, entry)
        else:
            shutil.copyfileobj(stream, output.content)


def _items(invocation: Invocation, place: Address) -> Iterator[Item]:
    catalog, repository, ref = invocation.catalog, place.repository, place.ref
    assert ref is not None  # `located` fills it in
    items = every(
        lambda after, limit: catalog.objects.list_folder(
            repository, ref, path=place.path, after=after, limit=limit
        )
    )
    first = next(items, None)
    if first is not None:
        yield first
        yield from items
    elif place.path:
        # Not a folder: the object itself, or nothing, which raises.
        entry = catalog.objects.get_object(repository, ref, place.path)
        yield Item(
            path=entry.path,
            kind=ItemKind.OBJECT,
            objects=1,
            size=entry.size,
            dataset=catalog.objects.get_dataset(repository, ref, place.path).path,
            object_id=entry.object_id,
        )


def _objects(invocation: Invocation, place: Address) -> Iterator[ObjectEntry]:
    found = 0
    for found, entry in enumerate(objects_at(invocation, place), start=1):  # noqa: B007
        yield entry
    if not found and place.path:
        raise nothing_at(place)


def objects_at(invocation: Invocation, place: Address) -> Iterator[ObjectEntry]:
    """Yields every object at or below a place."""
    catalog, ref = invocation.catalog, place.ref
    assert ref is not None  # the place is located
    return every(
        lambda after, limit: catalog.objects.list_objects(
            place.repository, ref, path=place.path, after=after, limit=limit
        )
    )


def nothing_at(place: Address) -> ObjectNotFoundError:
    """Returns the error for a place that holds no objects."""
    return ObjectNotFoundError(
        f"there is nothing at {place.path!r} in {place.repository!r} at {place.ref!r}; "
        f"`lineageflow ls lf://{place.repository}/@{place.ref}/` shows what is there",
        repository=place.repository,
        ref=place.ref,
        path=place.path,
    )


def _print_text(invocation: Invocation, stream: BinaryIO, entry: ObjectEntry) -> None:
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")(), translate=True)
    try:
        while chunk := stream.read(1 << 16):
            invocation.output.text(_readable(decoder.decode(chunk)))
        invocation.output.text(_readable(decoder.decode(b"", final=True)))
    except UnicodeDecodeError:
        raise InvalidInputError(
            f"{entry.path!r} is not text; save it with `lineageflow get`, or send it to a program or file"
        ) from None


def _readable(content: str) -> str:
    """Escapes what steers a terminal, other than line ends and tabs."""
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in content.split("\n"))


def _item_row(item: Item) -> Sequence[cells.Cell]:
    icon, style = _KINDS[item.kind]
    return (
        cells.Cell(item.kind.value, ((icon, style),)),
        _name(item),
        cells.count(item.objects),
        cells.size(item.size),
        cells.short_id(item.snapshot or item.object_id),
    )


def _name(item: Item) -> cells.Cell:
    slash = "/" if item.kind is ItemKind.FOLDER else ""
    return cells.Cell(item.path, ((item.path + slash, "name" if item.kind is ItemKind.DATASET else ""),))


def _object_row(entry: ObjectEntry) -> Sequence[cells.Cell]:
    return cells.text(entry.path), cells.size(entry.size), cells.short_id(entry.object_id)
