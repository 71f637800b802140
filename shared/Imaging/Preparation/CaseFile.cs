using System.Buffers.Binary;
using System.IO.Hashing;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Json;
using BrainMVP.Federated.Imaging.Volumes;
using Microsoft.Win32.SafeHandles;

namespace BrainMVP.Federated.Imaging.Preparation;

/// <summary>
/// A prepared case on disk, read through a memory map: a crop touches the chunks it lies in and nothing else, and what
/// is read stays in the system's page cache. The header is checked when the file is opened, each chunk when it is
/// touched for the first time. Safe for several threads; a file that is deleted meanwhile stays readable.
/// </summary>
public sealed class CaseFile : IDisposable
{
    private const string Advice = "Prepare the data again; only damaged cases are made anew.";

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly CaseHeader _header;
    private readonly ChunkGrid _grid;

    // A copy: a file that is overwritten while it is open must not be able to move a chunk out of the map.
    private readonly byte[] _index;

    // One bit for each chunk of each modality that was verified.
    private readonly int[] _verified;

    private CaseFile(string path, SafeFileHandle file, long length, MemoryMappedFile map, MemoryMappedViewAccessor view)
    {
        (_path, _file, _length, _map, _view) = (path, file, length, map, view);
        unsafe
        {
            using var lease = new Lease(this);
            var bytes = new ReadOnlySpan<byte>(lease.Start, (int)Math.Min(length, int.MaxValue));
            _header = CaseHeader.Parse(bytes, length);
            _grid = _header.Grid;
            Content = CanonicalJson.Hash(bytes[.._header.Bytes]);
            _index = bytes.Slice(_header.IndexStart, (int)_grid.Count * Modalities.Count * CaseHeader.EntryBytes).ToArray();
            CheckIndex();
        }

        _verified = new int[((_grid.Count * Modalities.Count) + 31) / 32];
    }

    public VolumeShape Shape => _header.Shape;

    /// <summary>Canonical names in canonical order.</summary>
    public IReadOnlyList<string> Modalities => _header.Modalities;

    /// <summary>What the reader of a report should know, for example that volumes were resampled.</summary>
    public IReadOnlyList<string> Notes => _header.Notes;

    /// <summary>SHA-256 of everything that the voxels depend on, hexadecimal.</summary>
    public string Key => _header.Key;

    /// <summary>Names the voxels: SHA-256 of the header, which holds the checksums of all chunks.</summary>
    public string Content { get; }

    /// <summary>Opens a file and checks its header and its length.</summary>
    /// <exception cref="FederationException">BMF-1401 when there is no such file, BMF-1402 when it is damaged, BMF-1404 when it cannot be read.</exception>
    public static CaseFile Open(string path)
    {
        SafeFileHandle? file = null;
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
            var length = RandomAccess.GetLength(file);
            if (length < CaseHeader.FixedBytes)
            {
                throw new InvalidDataException($"it has {length} bytes, less than any prepared case");
            }

            map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            return new CaseFile(path, file, length, map, view);
        }
        catch (Exception e)
        {
            view?.Dispose();
            map?.Dispose();
            file?.Dispose();
            throw e switch
            {
                InvalidDataException => ErrorCatalogue.ArtifactCorrupt.With($"{path} cannot be used: {e.Message}. {Advice}", e),
                FileNotFoundException or DirectoryNotFoundException => ErrorCatalogue.ArtifactMissing.With($"{path}. Prepare the data again.", e),
                IOException or UnauthorizedAccessException or ArgumentException => ErrorCatalogue.StorageUnavailable.With($"{path} cannot be read: {e.Message}", e),
                _ => e,
            };
        }
    }

    /// <summary>Copies a crop of one modality; voxels outside the volume are 0.</summary>
    /// <param name="modality">Position in <see cref="Modalities"/>.</param>
    /// <param name="start">Voxel coordinates of the crop's first voxel; may be negative.</param>
    /// <param name="crop">Sides of the crop.</param>
    /// <param name="destination">Receives the crop, C order, 0..1.</param>
    /// <exception cref="FederationException">BMF-1402 when a chunk is damaged.</exception>
    public void Copy(int modality, IReadOnlyList<int> start, IReadOnlyList<int> crop, Span<float> destination)
    {
        var (firstI, lastI) = Inside(start[0], crop[0], Shape.I);
        var (firstJ, lastJ) = Inside(start[1], crop[1], Shape.J);
        var (firstK, lastK) = Inside(start[2], crop[2], Shape.K);
        var isWhole = lastI - firstI == crop[0] && lastJ - firstJ == crop[1] && lastK - firstK == crop[2];
        if (!isWhole)
        {
            destination.Clear();
            if (firstI >= lastI || firstJ >= lastJ || firstK >= lastK)
            {
                return;
            }
        }

        using var lease = new Lease(this);
        var side = _header.Side;
        for (var i = firstI / side.I; i <= (lastI - 1) / side.I; i++)
        {
            for (var j = firstJ / side.J; j <= (lastJ - 1) / side.J; j++)
            {
                for (var k = firstK / side.K; k <= (lastK - 1) / side.K; k++)
                {
                    var box = _grid.At(i, j, k);
                    var part = new VoxelBox(
                        Math.Max(box.I0, firstI), Math.Max(box.J0, firstJ), Math.Max(box.K0, firstK), Math.Min(box.I1, lastI), Math.Min(box.J1, lastJ), Math.Min(box.K1, lastK));
                    var target = ((((part.I0 - start[0]) * crop[1]) + (part.J0 - start[1])) * crop[2]) + (part.K0 - start[2]);
                    var numbers = Chunk(lease, modality, _grid.Index(i, j, k));
                    if (!numbers.IsEmpty)
                    {
                        ChunkRows.Decode(numbers, box, part, destination[target..], crop);
                    }
                    else if (isWhole)
                    {
                        ChunkRows.Clear(part.Shape, destination[target..], crop);
                    }
                }
            }
        }
    }

    /// <summary>True when a voxel is above 0.</summary>
    /// <param name="modality">Position in <see cref="Modalities"/>.</param>
    /// <param name="voxel">Index in C order.</param>
    /// <exception cref="FederationException">BMF-1402 when its chunk is damaged.</exception>
    public bool IsForeground(int modality, int voxel)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(voxel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(voxel, Shape.Count);
        var (i, j, k) = (voxel / (Shape.J * Shape.K), voxel / Shape.K % Shape.J, voxel % Shape.K);
        var (side, chunk) = (_header.Side, (I: i / _header.Side.I, J: j / _header.Side.J, K: k / _header.Side.K));
        var box = _grid.At(chunk.I, chunk.J, chunk.K);
        using var lease = new Lease(this);
        var numbers = Chunk(lease, modality, _grid.Index(chunk.I, chunk.J, chunk.K));
        return !numbers.IsEmpty && numbers[((((i % side.I) * (box.J1 - box.J0)) + (j % side.J)) * (box.K1 - box.K0)) + (k % side.K)] > 0;
    }

    /// <summary>A whole volume, C order.</summary>
    /// <exception cref="FederationException">BMF-1402 when a chunk is damaged.</exception>
    public float[] Read(int modality)
    {
        var voxels = new float[Shape.Count];
        Copy(modality, [0, 0, 0], [Shape.I, Shape.J, Shape.K], voxels);
        return voxels;
    }

    /// <summary>Checks every chunk that was not touched yet.</summary>
    /// <exception cref="FederationException">BMF-1402 when one is damaged.</exception>
    public void Verify(CancellationToken cancellation = default)
    {
        for (var modality = 0; modality < Modalities.Count; modality++)
        {
            for (var chunk = 0; chunk < _grid.Count; chunk++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var lease = new Lease(this);
                _ = Chunk(lease, modality, chunk);
            }
        }
    }

    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
        _file.Dispose();
    }

    private static (int First, int Last) Inside(int start, int crop, int size) => (Math.Max(0, start), (int)Math.Min(size, (long)start + crop));

    /// <summary>Numbers of a chunk, verified; empty when all are 0.</summary>
    private unsafe ReadOnlySpan<ushort> Chunk(in Lease lease, int modality, int chunk)
    {
        var number = (int)((modality * _grid.Count) + chunk);
        var (offset, checksum) = Entry(number);
        if (offset == 0)
        {
            return [];
        }

        // The offset was checked when the file was opened.
        var bytes = new ReadOnlySpan<byte>(lease.Start + offset, sizeof(ushort) * (int)_grid.At(chunk).Shape.Count);
        var bit = 1 << (number % 32);
        if ((Volatile.Read(ref _verified[number / 32]) & bit) == 0)
        {
            if (XxHash3.HashToUInt64(bytes) != checksum)
            {
                throw ErrorCatalogue.ArtifactCorrupt.With($"{_path} has changed since it was written: chunk {chunk} of {Modalities[modality]} at byte {offset}. {Advice}");
            }

            Interlocked.Or(ref _verified[number / 32], bit);
        }

        return MemoryMarshal.Cast<byte, ushort>(bytes);
    }

    private (long Offset, ulong Checksum) Entry(int number)
    {
        var entry = _index.AsSpan(number * CaseHeader.EntryBytes, CaseHeader.EntryBytes);
        return (BinaryPrimitives.ReadInt64LittleEndian(entry), BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]));
    }

    /// <summary>Every stored chunk must begin where the one before ends, and the last must end with the file.</summary>
    private void CheckIndex()
    {
        var next = (long)_header.Bytes;
        var chunks = (int)_grid.Count;
        for (var n = 0; n < chunks * Modalities.Count; n++)
        {
            var (offset, checksum) = Entry(n);
            if (offset == 0 && checksum == 0)
            {
                continue;
            }

            if (offset != next)
            {
                throw new InvalidDataException("its chunks do not follow each other");
            }

            next += sizeof(ushort) * _grid.At(n % chunks).Shape.Count;
        }

        if (next != _length)
        {
            throw new InvalidDataException("its chunks do not fill it");
        }
    }

    /// <summary>
    /// Keeps the map alive while it is read, also when another thread disposes the file meanwhile. A file that was cut
    /// short after it was opened is refused: its missing pages would end the process.
    /// </summary>
    private readonly unsafe ref struct Lease
    {
        private readonly SafeMemoryMappedViewHandle _handle;

        public Lease(CaseFile file)
        {
            if (RandomAccess.GetLength(file._file) != file._length)
            {
                throw ErrorCatalogue.ArtifactCorrupt.With($"{file._path} has another length than when it was opened. {Advice}");
            }

            _handle = file._view.SafeMemoryMappedViewHandle;
            byte* start = null;
            _handle.AcquirePointer(ref start);
            Start = start + file._view.PointerOffset;
        }

        public byte* Start { get; }

        public void Dispose() => _handle.ReleasePointer();
    }
}
