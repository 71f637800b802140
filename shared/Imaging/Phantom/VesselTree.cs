using BrainMVP.Federated.Contracts.Randomness;

namespace BrainMVP.Federated.Imaging.Phantom;

/// <summary>Arteries of the skull base with their first branches, and the large veins, as chains of tubes.</summary>
internal sealed class VesselTree
{
    private const double Cell = 12;
    private const int CellsX = 13;
    private const int CellsY = 17;
    private const int CellsZ = 15;
    private const double Reach = 4;
    private static readonly Point Corner = new(-78, -116, -84);

    // Points on the right side; both sides are made from one list, each with its own jitter.
    private static readonly (bool Artery, bool Paired, double From, double To, double[] Points)[] Courses =
    [
        (true, true, 2.5, 2.2, [16, -16, -66, 15, -8, -46, 12, 2, -32, 14, 4, -23]),
        (true, true, 2.0, 1.7, [14, 4, -23, 24, 5, -20, 35, 3, -15]),
        (true, true, 1.6, 1.0, [35, 3, -15, 40, -5, -2, 43, -18, 6, 54, -32, 15, 62, -44, 24, 58, -58, 34]),
        (true, true, 1.5, 0.9, [35, 3, -15, 40, 12, -7, 46, 18, 8, 56, 12, 26, 58, -2, 42]),
        (true, true, 1.4, 0.9, [40, -5, -2, 50, -18, 2, 62, -34, 4, 58, -58, 8]),
        (true, true, 1.6, 0.9, [14, 4, -23, 4, 14, -18, 2, 24, -12, 2, 36, -2, 2, 40, 12, 2, 30, 28, 2, 8, 36, 2, -18, 38, 3, -44, 30]),
        (true, true, 1.2, 0.8, [2, 40, 12, 2, 50, 24, 2, 40, 44, 3, 16, 54]),
        (true, true, 2.0, 1.8, [9, -38, -78, 6, -26, -60, 1, -12, -48]),
        (true, false, 2.1, 2.0, [0, -12, -48, 0, -9, -34, 0, -10, -21]),
        (true, true, 1.7, 0.9, [0, -10, -21, 11, -16, -17, 20, -30, -11, 19, -50, -4, 13, -72, 3, 8, -90, 8]),
        (true, true, 1.1, 0.8, [1, -10, -26, 12, -24, -21, 20, -44, -19, 24, -60, -16]),
        (false, false, 1.6, 2.4, [0, 63, 34, 0, 50, 57, 0, 30, 70, 0, 5, 77, 0, -25, 78, 0, -52, 70, 0, -76, 55, 0, -94, 30, 0, -102, 8, 0, -104, -8]),
        (false, false, 1.8, 2.4, [0, -41, 10, 0, -60, 0, 0, -80, -6, 0, -102, -8]),
        (false, true, 1.1, 1.4, [2, 2, 13, 2, -20, 14, 2, -38, 12, 0, -42, 10]),
        (false, true, 1.2, 1.6, [44, -8, 58, 26, -4, 70, 8, -10, 76]),
        (false, true, 1.1, 1.5, [40, 24, 48, 24, 20, 62, 6, 16, 71]),
        (false, true, 1.1, 1.5, [44, -50, 48, 26, -50, 60, 8, -54, 68]),
    ];

    private readonly List<(Point A, Point B, double Ra, double Rb, bool Artery)> _segments = [];
    private readonly int[]?[] _cells = new int[CellsX * CellsY * CellsZ][];

    public VesselTree(ulong seed, string subject)
    {
        var random = new CounterRandom(seed, "phantom", subject, "vessels");
        foreach (var course in Courses)
        {
            Add(course, 1, random);
            if (course.Paired)
            {
                Add(course, -1, random);
            }
        }

        Index();
    }

    /// <summary>Part of a voxel that arteries and veins cover.</summary>
    public (double Artery, double Vein) Coverage(Point p, double h)
    {
        var x = (int)((p.X - Corner.X) / Cell);
        var y = (int)((p.Y - Corner.Y) / Cell);
        var z = (int)((p.Z - Corner.Z) / Cell);
        if ((uint)x >= CellsX || (uint)y >= CellsY || (uint)z >= CellsZ || _cells[(((x * CellsY) + y) * CellsZ) + z] is not { } near)
        {
            return (0, 0);
        }

        double artery = 0, vein = 0;
        foreach (var n in near)
        {
            var s = _segments[n];
            var radius = Math.Min(s.Ra, s.Rb);
            var distance = Shapes.Tube(p, s.A, s.B, s.Ra, s.Rb);

            // A vessel thinner than a voxel fills only part of it.
            var part = Shapes.Coverage(distance, h) * Math.Min(1, 2.2 * radius / h);
            (artery, vein) = s.Artery ? (Math.Max(artery, part), vein) : (artery, Math.Max(vein, part));
        }

        return (artery, vein);
    }

    private void Add((bool Artery, bool Paired, double From, double To, double[] Points) course, int side, CounterRandom random)
    {
        var count = course.Points.Length / 3;
        Point? previous = null;
        var radius = course.From;
        for (var n = 0; n < count; n++)
        {
            // The first point is where another vessel ends, so it stays.
            var wander = n == 0 ? 0 : course.Points[n * 3] < 3 ? 0.8 : 2.0;
            var point = new Point(
                (course.Points[n * 3] * side) + (wander * 0.6 * random.NextNormal()),
                course.Points[(n * 3) + 1] + (wander * random.NextNormal()),
                course.Points[(n * 3) + 2] + (wander * random.NextNormal()));
            var next = course.From + ((course.To - course.From) * n / (count - 1));
            if (previous is { } from)
            {
                // A bent middle makes two short tubes of one straight one.
                var middle = ((from + point) * 0.5) + new Point(random.NextDouble(-1.2, 1.2), random.NextDouble(-1.2, 1.2), random.NextDouble(-1.2, 1.2));
                _segments.Add((from, middle, radius, (radius + next) / 2, course.Artery));
                _segments.Add((middle, point, (radius + next) / 2, next, course.Artery));
            }

            (previous, radius) = (point, next);
        }
    }

    private void Index()
    {
        var lists = new Dictionary<int, List<int>>();
        for (var n = 0; n < _segments.Count; n++)
        {
            var (a, b, ra, rb, _) = _segments[n];
            var reach = Math.Max(ra, rb) + Reach;
            foreach (var x in Range(a.X, b.X, reach, Corner.X, CellsX))
            {
                foreach (var y in Range(a.Y, b.Y, reach, Corner.Y, CellsY))
                {
                    foreach (var z in Range(a.Z, b.Z, reach, Corner.Z, CellsZ))
                    {
                        var cell = (((x * CellsY) + y) * CellsZ) + z;
                        if (!lists.TryGetValue(cell, out var list))
                        {
                            lists[cell] = list = [];
                        }

                        list.Add(n);
                    }
                }
            }
        }

        foreach (var (cell, list) in lists)
        {
            _cells[cell] = [.. list];
        }

        static IEnumerable<int> Range(double a, double b, double reach, double corner, int cells)
        {
            var first = Math.Max(0, (int)Math.Floor((Math.Min(a, b) - reach - corner) / Cell));
            var last = Math.Min(cells - 1, (int)Math.Floor((Math.Max(a, b) + reach - corner) / Cell));
            return first <= last ? Enumerable.Range(first, last - first + 1) : [];
        }
    }
}
