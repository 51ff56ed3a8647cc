"""A sentence-transformers model small enough to make in a test: BERT with random weights and a dozen words."""

from pathlib import Path

DIMENSIONS = 16
_WORDS = "the a price market trend risk of and rises falls bitcoin ether stop loss what is".split()


def save_tiny_model(folder: Path) -> Path:
    """Write the model to `folder`. Blocking."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(1)
    unknown = {"unk_token": "[UNK]"}
    marks = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [prefix + letter for letter in "abcdefghijklmnopqrstuvwxyz" for prefix in ("", "##")]
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys([*special, *_WORDS, *letters]))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, **unknown))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=DIMENSIONS,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    bert = folder / "bert"
    BertModel(config).save_pretrained(bert)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=64,
        **unknown,
        **marks,
    ).save_pretrained(bert)
    transformer = Transformer(str(bert), max_seq_length=64)
    model = SentenceTransformer(modules=[transformer, Pooling(DIMENSIONS)], device="cpu")
    saved = folder / "tiny"
    model.save(str(saved))
    return saved
