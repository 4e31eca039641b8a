"""Paths through any tree of messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_app.domain import Conversation, Message
from qwen3mlx_app.services.tree import Tree, branch


@st.composite
def trees(draw: st.DrawFn) -> list[Message]:
    messages: list[Message] = []
    for number in range(draw(st.integers(1, 12))):
        above = draw(st.sampled_from([None, *messages]))
        messages.append(
            Message(
                id=str(number),
                conversation_id="c",
                parent_id=above.id if above else None,
                role="user",
                created_at=number,
            )
        )
    return messages


@given(trees(), st.data())
def test_every_message_is_at_the_end_of_its_path(
    messages: list[Message], data: st.DataObject
) -> None:
    tree = Tree(messages)
    message = data.draw(st.sampled_from(messages))
    path = tree.path(message.id)
    assert path[-1] == message
    assert path[0].parent_id is None
    assert [m.parent_id for m in path[1:]] == [m.id for m in path[:-1]]
    row = tree.row(message)
    assert tree.versions(message.id)[row.version] == message.id
    assert path == tree.path(tree.leaf_below(message.id))[: len(path)]


@given(trees(), st.data())
def test_removing_takes_what_followed_and_nothing_else(
    messages: list[Message], data: st.DataObject
) -> None:
    tree = Tree(messages)
    message = data.draw(st.sampled_from(messages))
    below = {m.id for m in messages if message in tree.path(m.id)}
    assert set(tree.remove(message.id)) == below
    assert len(tree) == len(messages) - len(below)
    assert all(m.id in tree for m in messages if m.id not in below)
    assert message.id not in [m.id for m in tree.path(tree.last_leaf())]


@given(trees())
def test_a_branch_is_a_copy(messages: list[Message]) -> None:
    path = Tree(messages).path(messages[-1].id)
    copy = branch(Conversation(id="c", created_at=0, updated_at=0), path, now=5.0)
    assert [m.created_at for m in copy.messages] == [m.created_at for m in path]
    assert not {m.id for m in copy.messages} & {m.id for m in path}
    assert Tree(copy.messages).path(copy.conversation.leaf_id) == list(copy.messages)
    assert {m.conversation_id for m in copy.messages} == {copy.conversation.id}


def test_what_follows_itself_ends() -> None:
    a = Message(id="a", parent_id="b", conversation_id="c", role="user", created_at=0)
    b = Message(id="b", parent_id="a", conversation_id="c", role="user", created_at=0)
    assert len(Tree([a, b]).path("a")) == 2
