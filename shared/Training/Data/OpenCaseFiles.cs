using BrainMVP.Federated.Imaging.Preparation;

namespace BrainMVP.Federated.Training.Data;

/// <summary>
/// Case files that are open, at most a number of them: each takes a file handle and address space. The least recently
/// used one that nobody reads is closed for the next. Safe for several threads.
/// </summary>
/// <param name="dataset">Whose cases.</param>
/// <param name="most">Open files, beside those that are being read.</param>
internal sealed class OpenCaseFiles(PreparedDataset dataset, int most) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Slot> _open = [];

    // Least recently used first.
    private readonly LinkedList<int> _order = new();
    private bool _disposed;

    /// <summary>A case's file, opened where it is not; it stays open until the loan ends.</summary>
    /// <exception cref="Contracts.Errors.FederationException">BMF-1401 or BMF-1402 when it is gone or damaged.</exception>
    public Loan Borrow(int index)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_open.TryGetValue(index, out var slot))
            {
                CloseOldest();
                slot = new Slot(dataset.Open(index), _order.AddLast(index));
                _open.Add(index, slot);
            }
            else if (_order.Last != slot.Place)
            {
                _order.Remove(slot.Place);
                _order.AddLast(slot.Place);
            }

            slot.Readers++;
            return new Loan(this, slot);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var slot in _open.Values)
            {
                slot.File.Dispose();
            }

            _open.Clear();
            _order.Clear();
        }
    }

    private void CloseOldest()
    {
        for (var place = _order.First; place is not null && _open.Count >= most;)
        {
            var next = place.Next;
            if (_open[place.Value] is { Readers: 0 } idle)
            {
                _open.Remove(place.Value);
                _order.Remove(place);
                idle.File.Dispose();
            }

            place = next;
        }
    }

    private void Return(Slot slot)
    {
        lock (_gate)
        {
            slot.Readers--;
        }
    }

    /// <summary>A file while it is read.</summary>
    public readonly ref struct Loan(OpenCaseFiles owner, Slot slot)
    {
        public CaseFile File => slot.File;

        public void Dispose() => owner.Return(slot);
    }

    /// <summary>One open file.</summary>
    public sealed class Slot(CaseFile file, LinkedListNode<int> place)
    {
        public CaseFile File { get; } = file;

        public LinkedListNode<int> Place { get; } = place;

        public int Readers { get; set; }
    }
}
