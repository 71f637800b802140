using BrainMVP.Federated.Contracts.Documents;
using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Contracts.Plans;
using BrainMVP.Federated.Contracts.Tensors;

namespace BrainMVP.Federated.Federation.Layouts;

/// <summary>Derives the tensors that cross the wire from the initial model's file header and the plan's modalities.</summary>
public static class LayoutBuilder
{
    /// <summary>Most elements of one layout: 2^33, far above the full preset's 95 million.</summary>
    public const long MaximumElements = 1L << 33;

    /// <exception cref="FederationException">BMF-1406 when a tensor is not F32, is empty, or uses a template's name.</exception>
    public static LayoutDocument Build(SafetensorsReader model, Plan plan)
    {
        var tensors = new List<LayoutTensor>();
        long elements = 0;
        foreach (var tensor in model.Tensors.Values)
        {
            if (tensor.DataType != "F32" || tensor.Count == 0 || TensorGroups.ModalityOf(tensor.Name) is not null || TensorGroups.IsControl(tensor.Name))
            {
                throw ErrorCatalogue.LayoutMismatch.With($"Tensor {tensor.Name} of the initial model has type {tensor.DataType} and {tensor.Count} elements; network tensors are non-empty F32.");
            }

            tensors.Add(new LayoutTensor(tensor.Name, TensorGroups.OfNetworkTensor(tensor.Name), tensor.Shape));
            elements += tensor.Count;
            if (plan.Training.ControlVariates && TensorGroups.OfNetworkTensor(tensor.Name) == TensorGroups.Network)
            {
                tensors.Add(new LayoutTensor(TensorGroups.ControlOf(tensor.Name), TensorGroups.Control, tensor.Shape));
                elements += tensor.Count;
            }
        }

        if (tensors.Count == 0)
        {
            throw ErrorCatalogue.LayoutMismatch.With("The initial model has no tensor.");
        }

        var canvas = plan.Imaging.Canvas.Select(s => (long)s).ToArray();
        foreach (var modality in plan.Modalities)
        {
            var name = TensorGroups.Template(modality);
            tensors.Add(new LayoutTensor(name, name, canvas));
            elements += canvas.Aggregate(1L, (a, b) => a * b);
        }

        if (elements > MaximumElements)
        {
            throw ErrorCatalogue.LayoutMismatch.With($"The layout has {elements} elements, more than {MaximumElements}.");
        }

        return new LayoutDocument { Tensors = [.. tensors.OrderBy(t => t.Name, StringComparer.Ordinal)] };
    }

    /// <summary>Elements of a layout tensor.</summary>
    public static long CountOf(this LayoutTensor tensor) => tensor.Shape.Aggregate(1L, (a, b) => checked(a * b));

    /// <summary>Checks that a network file has exactly the layout's network tensors.</summary>
    /// <exception cref="FederationException">BMF-1406 naming the first difference.</exception>
    public static void RequireNetwork(this LayoutDocument layout, SafetensorsReader file)
    {
        var expected = layout.Tensors.Where(t => TensorGroups.IsInModel(t.Group)).ToArray();
        foreach (var tensor in expected)
        {
            file.Require(tensor);
        }

        if (file.Tensors.Count != expected.Length)
        {
            var extra = file.Tensors.Keys.First(name => expected.All(t => t.Name != name));
            throw ErrorCatalogue.LayoutMismatch.With($"{file.Path}: unexpected tensor {extra}.");
        }
    }

    /// <summary>Checks that a file has exactly the layout's control variates.</summary>
    /// <exception cref="FederationException">BMF-1406 naming the first difference.</exception>
    public static void RequireControl(this LayoutDocument layout, SafetensorsReader file)
    {
        foreach (var tensor in layout.Tensors.Where(t => t.Group == TensorGroups.Control))
        {
            file.Require(tensor);
        }
    }

    /// <summary>Checks that a file holds one layout tensor with its type and shape.</summary>
    public static void Require(this SafetensorsReader file, LayoutTensor tensor)
    {
        if (!file.Tensors.TryGetValue(tensor.Name, out var found) || found.DataType != "F32" || !found.Shape.SequenceEqual(tensor.Shape))
        {
            throw ErrorCatalogue.LayoutMismatch.With(found is null
                ? $"{file.Path}: tensor {tensor.Name} is missing."
                : $"{file.Path}: tensor {tensor.Name} is {found.DataType} [{string.Join(", ", found.Shape)}], expected F32 [{string.Join(", ", tensor.Shape)}].");
        }
    }
}
