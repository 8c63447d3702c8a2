"""The kit that explorers and exercises are made with: live in a notebook and in a published page alike.

It knows nothing of attention. A ``definition`` says what an explorer computes; ``live`` shows it in a running
notebook; ``static`` holds the front end, the same for both hosts; ``sphinx_ext`` puts it into a book.
"""
